//! Whether the numbers of the derived section are plausible.

use super::{Configuration, ConfigurationEstimate, Derived, Loss, Results};

/// Numbers of the derived section fit what JSON carries, so that charts can scale them.
fn sane(mut numbers: impl Iterator<Item = f64>, what: &str) -> Result<(), String> {
    // A ratio may stand for an infinite one: see `verdict::UNBOUNDED`.
    match numbers.find(|number| !number.is_finite() || number.abs() > 1e300) {
        Some(number) => Err(format!("{number} is not a plausible number of {what}")),
        None => Ok(()),
    }
}

impl ConfigurationEstimate {
    /// Whether all numbers of what happened are plausible.
    pub(super) fn check_happened(&self) -> Result<(), String> {
        if let Some(fault) = &self.fault {
            let numbers = [fault.done, fault.lost, fault.retried].into_iter().chain(fault.recovered);
            sane(numbers, "what a fault did")?;
        }
        if let Some(lives) = &self.lives {
            sane([lives.start].into_iter().chain(lives.join), "the lives of workers")?;
        }
        if let Some(lock) = &self.lock {
            let numbers = [lock.waits, lock.waited, lock.hand_overs, lock.forced, lock.forced_per_second];
            sane(numbers.into_iter(), "the lock of a configuration")?;
        }
        Ok(())
    }
}

impl ConfigurationEstimate {
    /// Whether the estimate of a pipeline is one of this configuration's stages, with plausible numbers.
    pub(super) fn check_stages(&self, configuration: &Configuration) -> Result<(), String> {
        let Some(pipeline) = &self.pipeline else { return Ok(()) };
        let shares = pipeline.stages.iter().flat_map(|stage| [stage.busy, stage.blocked, stage.starved]);
        sane(shares, "the stages of a configuration")?;
        let known = pipeline.stages.len() == configuration.config.stages.len();
        match known && pipeline.bottleneck.iter().all(|at| *at < configuration.config.stages.len()) {
            true => Ok(()),
            false => Err(format!("the stages of configuration {} are not those that were run", configuration.id)),
        }
    }
}

impl ConfigurationEstimate {
    /// Whether all numbers of why are plausible.
    pub(super) fn check_reasons(&self) -> Result<(), String> {
        self.resources
            .iter()
            .try_for_each(|resources| sane(resources.numbers(), "the resources of a configuration"))?;
        self.memory.iter().try_for_each(|memory| sane(memory.numbers(), "the memory of a configuration"))?;
        let Some(breakdown) = &self.breakdown else { return Ok(()) };
        sane(breakdown.numbers(), "the losses of a configuration")?;
        if breakdown.parts.iter().map(|(loss, _)| *loss).ne(Loss::ALL) {
            return Err(format!("the losses of configuration {} are not those that there are", self.configuration));
        }
        Ok(())
    }
}

impl Derived {
    /// Whether the tables of runtimes lead somewhere and have plausible numbers.
    pub(super) fn check_runtimes(&self, results: &Results) -> Result<(), String> {
        for row in self.runtimes.iter().flat_map(|table| &table.rows) {
            sane([row.per_item, row.ratio, row.best_per_item].into_iter().flatten(), "a table of runtimes")?;
            if row.workload >= results.workloads.len()
                || row.best.is_some_and(|configuration| configuration >= results.configurations.len())
            {
                return Err("a table of runtimes names what does not exist".into());
            }
        }
        Ok(())
    }
}

impl Derived {
    /// Whether break-even points and fits lead somewhere and have plausible numbers.
    pub(super) fn check_reasons(&self, results: &Results) -> Result<(), String> {
        let (configurations, workloads) = (results.configurations.len(), results.workloads.len());
        for found in &self.break_evens {
            sane(found.numbers(), "a break-even point")?;
            let inside = found.points.iter().all(|point| point.a < configurations && point.b < configurations);
            if !inside || found.workloads.is_empty() || found.workloads.iter().any(|workload| *workload >= workloads) {
                return Err(format!("the break-even point of {} and {} names what does not exist", found.a, found.b));
            }
        }
        for fit in &self.fits {
            sane(fit.numbers(), "a fit")?;
            if fit.workload >= workloads
                || fit.configurations.iter().any(|configuration| *configuration >= configurations)
            {
                return Err(format!("the fit of {} names what does not exist", fit.line));
            }
        }
        Ok(())
    }
}
