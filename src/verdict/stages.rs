//! Where the time of a pipeline's stages went, and which of them is the bottleneck.
//!
//! No more items leave a pipeline than its busiest stage lets through (the utilisation law of operational analysis, Denning
//! and Buzen, 1978): with a share of busy time near one, a stage is the bottleneck, and the queues before it fill.

use super::sentence::list;
use crate::results::{
    Configuration, ConfigurationEstimate, Kind, PipelineEstimate, Results, StageEstimate, StageTimes, Trial,
};
use crate::stats::median;

/// Stages whose shares of busy time differ by less than this are alike.
const ALIKE: f64 = 0.05;

/// What the right profiling trials of a configuration say of its stages.
pub(super) fn of(results: &Results, configuration: &Configuration) -> Option<PipelineEstimate> {
    let suits = |trial: &&Trial| {
        let profiling = trial.configuration == configuration.id && trial.kind == Kind::Profiling && trial.ok();
        profiling && trial.details.stages.len() == configuration.config.stages.len() && trial.phases[1].wall > 0
    };
    let trials: Vec<&Trial> = results.trials.iter().filter(suits).collect();
    if configuration.config.stages.is_empty() || trials.is_empty() {
        return None;
    }
    let stage = |(at, stage): (usize, &crate::setting::StageConfig)| {
        let share = |part: fn(&StageTimes) -> u64| {
            let all = |trial: &&Trial| trial.phases[1].wall as f64 * f64::from(stage.workers.max(1));
            let shares = trials.iter().map(|trial| part(&trial.details.stages[at]) as f64 / all(trial));
            median(&shares.collect::<Vec<_>>()).unwrap_or_default()
        };
        StageEstimate {
            busy: share(|times| times.busy),
            blocked: share(|times| times.blocked),
            starved: share(|times| times.starved),
            most: trials.iter().map(|trial| trial.details.stages[at].most).max().unwrap_or_default(),
        }
    };
    let stages: Vec<StageEstimate> = configuration.config.stages.iter().enumerate().map(stage).collect();
    let busiest = stages.iter().map(|stage| stage.busy).fold(0.0, f64::max);
    let bottleneck = (0..stages.len()).filter(|at| stages[*at].busy > busiest - ALIKE).collect();
    Some(PipelineEstimate { stages, bottleneck, trials: trials.len() as u32 })
}

/// The bottleneck of the first pipeline in the ranking: `Bottleneck of a × 1 | b × 2: stage 2, b on threads × 2 (busy 97 %).`
pub(super) fn sentence(results: &Results, ranking: &[usize], estimates: &[ConfigurationEstimate]) -> Option<String> {
    let known = |configuration: &usize| {
        estimates.get(*configuration).and_then(|estimate| estimate.pipeline.as_ref()).map(|p| (*configuration, p))
    };
    let (configuration, pipeline) = ranking.iter().find_map(known)?;
    let configuration = &results.configurations[configuration];
    let name = |at: &usize| {
        let busy = pipeline.stages.get(*at).map_or(0.0, |stage| stage.busy * 100.0);
        format!("{} (busy {busy:.0}%)", results.stage_shown(configuration, *at))
    };
    let names: Vec<String> = pipeline.bottleneck.iter().map(name).collect();
    Some(match &names[..] {
        [one] => format!("Bottleneck of {}: {one}.", configuration.label),
        several => format!("{} has no single bottleneck: {} are alike.", configuration.label, list(several)),
    })
}

#[cfg(test)]
mod tests {
    use crate::results::{Details, Kind, StageTimes, Trial};
    use crate::verdict::fixture::Made;

    /// Stages of 1, 4 and 1 ms with one worker each: the second is always busy, and the others a quarter of the time.
    fn made(second_workers: u32, busy: [u64; 3]) -> crate::results::Results {
        let mut made = Made::new(15).serial(0.6).configuration("a × 1 | b × 1 | c × 1", 0.4);
        let stage =
            |workers| crate::setting::StageConfig { model: "threads".into(), workers, ipc: None, in_flight: None };
        made.results.configurations[1].config.stages = vec![stage(1), stage(second_workers), stage(1)];
        for (at, task) in ["a", "b", "c"].into_iter().enumerate() {
            made.results.workloads[0].settings.insert(crate::setting::fact_name(at, "task"), task.into());
        }
        let timed = made.results.trials.iter().find(|trial| trial.configuration == 1).cloned().unwrap();
        let wall = timed.phases[1].wall;
        let times = |percent: u64| StageTimes { busy: wall / 100 * percent, most: 4, ..StageTimes::default() };
        let stages = busy.map(times).to_vec();
        made.results.trials.push(Trial {
            kind: Kind::Profiling,
            details: Details { stages, ..Details::default() },
            ..timed
        });
        made.finish()
    }

    #[test]
    fn the_busiest_stage_is_the_bottleneck() {
        let results = made(1, [25, 99, 25]);
        let pipeline = results.derived.estimates[1].pipeline.as_ref().unwrap();
        assert_eq!((pipeline.bottleneck.as_slice(), pipeline.trials, pipeline.stages[1].most), (&[1][..], 1, 4));
        let sentence = &results.derived.workloads[0].sentence;
        let named = " Bottleneck of a × 1 | b × 1 | c × 1: stage 2, b on threads × 1 (busy 99%).";
        assert!(sentence.ends_with(named), "{sentence}");
        assert_eq!(results.derived.estimates[0].pipeline, None);
    }

    #[test]
    fn a_share_is_one_of_all_workers_and_stages_alike_are_said_to_be() {
        let results = made(2, [48, 99, 30]);
        let pipeline = results.derived.estimates[1].pipeline.as_ref().unwrap();
        assert!((pipeline.stages[1].busy - 0.495).abs() < 1e-6, "{pipeline:?}");
        assert_eq!(pipeline.bottleneck, [0, 1]);
        let sentence = &results.derived.workloads[0].sentence;
        assert!(
            sentence.contains("has no single bottleneck: stage 1, a on threads × 1 (busy 48%) and stage 2"),
            "{sentence}"
        );
    }
}
