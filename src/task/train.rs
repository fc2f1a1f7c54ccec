//! `train`: softmax regression by gradient descent, with the samples cut into parts that compute their share of the gradient.

use super::{
    Context, Effort, Iterations, Job, Place, Setting, SettingKind, Settings, Task, TaskError, Topology, numbered,
};
use crate::text::{plural, show_count};

/// Bytes of a value.
const VALUE: usize = 8;
/// Samples between two check points.
const STRETCH: usize = 16;
/// How far the centres of classes lie apart from the origin in every direction, at most, in standard deviations of a cluster.
const SPREAD: f64 = 1.0;

pub(super) struct Train;

impl Task for Train {
    fn name(&self) -> &'static str {
        "train"
    }
    fn about(&self) -> &'static str {
        "trains a classifier in iterations: parts compute gradients; the sum updates the weights for all parts"
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "samples",
                about: "samples of the data set; every iteration uses all of them",
                kind: SettingKind::Count { min: 1, max: 10_000_000 },
                default: "4096",
            },
            Setting {
                name: "features",
                about: "numbers that a sample has",
                kind: SettingKind::Count { min: 1, max: 10_000 },
                default: "32",
            },
            Setting {
                name: "classes",
                about: "classes to distinguish",
                kind: SettingKind::Count { min: 2, max: 1000 },
                default: "10",
            },
            Setting {
                name: "parts",
                about: "parts that the samples are cut into: items of an iteration",
                kind: SettingKind::Count { min: 1, max: 1024 },
                default: "4",
            },
            Setting {
                name: "learning_rate",
                about: "how far a step follows the gradient",
                kind: SettingKind::Share,
                default: "0.5",
            },
        ]
    }
    fn topology(&self, settings: &Settings) -> Topology {
        Topology::Iterations { parts: settings.whole("parts") }
    }
    fn check(&self, settings: &Settings) -> Result<(), String> {
        let (samples, parts) = (settings.whole("samples"), settings.whole("parts"));
        if parts > samples {
            return Err(format!("{samples} samples cannot be cut into {parts} parts"));
        }
        let bytes = samples * settings.whole("features") * VALUE as u64;
        if bytes > 1 << 30 {
            return Err("a data set is at most 1 GiB: samples × features × 8 bytes".into());
        }
        Ok(())
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        let samples = settings.whole("samples") as f64 / settings.whole("parts") as f64;
        let (features, classes) = (settings.whole("features") as f64, settings.whole("classes") as f64);
        Some(Effort::computing(samples * classes * (1e-8 + features * 1.2e-9)).in_bytecode())
    }
    fn describe(&self, settings: &Settings) -> String {
        let (samples, features) = (show_count(settings.whole("samples")), settings.whole("features"));
        let (classes, parts) = (settings.whole("classes"), plural(settings.whole("parts"), "part"));
        format!("softmax regression: {samples} samples × {features} features, {classes} classes, in {parts}")
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        self.check(settings).map_err(TaskError::Settings)?;
        let whole = |name| settings.whole(name) as usize;
        let shape = Shape { features: whole("features"), classes: whole("classes") };
        let (samples, labels) = clusters(place.seed, whole("samples"), shape);
        let (parts, rate) = (whole("parts"), settings.real("learning_rate"));
        Ok(Box::new(TrainJob { shape, samples, labels, parts, rate }))
    }
}

#[derive(Clone, Copy)]
struct Shape {
    features: usize,
    classes: usize,
}

impl Shape {
    /// Weights of a class: one for each feature and one that is always added.
    fn row(self) -> usize {
        self.features + 1
    }

    /// All weights.
    fn weights(self) -> usize {
        self.classes * self.row()
    }
}

/// A data set: samples of every class lie around a centre of its own, by a normal distribution. Gives all features, sample
/// by sample, and the class of every sample.
fn clusters(seed: u64, samples: usize, shape: Shape) -> (Vec<f64>, Vec<usize>) {
    // Another seed than that of samples.
    let centre = |class: usize, feature: usize| {
        let random = numbered::mix(!seed, (class * shape.features + feature) as u64);
        SPREAD * ((random >> 40) as f64 / (1 << 23) as f64 - 1.0)
    };
    let mut features = Vec::with_capacity(samples * shape.features);
    let mut labels = Vec::with_capacity(samples);
    for sample in 0..samples {
        let class = sample % shape.classes;
        labels.push(class);
        for feature in 0..shape.features {
            let noise = normal(seed, (sample * shape.features + feature) as u64);
            features.push(centre(class, feature) + noise);
        }
    }
    (features, labels)
}

/// A number that is nearly of the standard normal distribution: the sum of twelve uniform ones, less six, which has its mean,
/// its variance and exactly representable values.
fn normal(seed: u64, index: u64) -> f64 {
    let sixteen = |random: u64| (0..4).map(move |at| random >> (at * 16) & 0xffff);
    let sum: u64 = (0..3).flat_map(|at| sixteen(numbered::mix(seed, index * 3 + at))).sum();
    sum as f64 / 65_536.0 - 6.0
}

struct TrainJob {
    shape: Shape,
    samples: Vec<f64>,
    labels: Vec<usize>,
    parts: usize,
    rate: f64,
}

/// What a part finds in its samples, each as a sum over them.
struct Found {
    /// The gradient of the loss, as the weights are laid out.
    gradient: Vec<f64>,
    /// The cross entropy, in nats.
    loss: f64,
    /// How many are classified right.
    right: u64,
}

/// Turns scores of classes into their probabilities, in place. Gives the logarithm of the sum of their exponentials.
fn softmax(scores: &mut [f64]) -> f64 {
    // Without the largest taken off first, exponentials could overflow.
    let largest = scores.iter().fold(f64::NEG_INFINITY, |largest, score| largest.max(*score));
    let mut sum = 0.0;
    for score in &mut *scores {
        *score = (*score - largest).exp();
        sum += *score;
    }
    for score in scores {
        *score /= sum;
    }
    largest + sum.ln()
}

impl TrainJob {
    fn find(&self, part: usize, weights: &[f64], context: &mut Context<'_>) -> Found {
        let (row, features, count) = (self.shape.row(), self.shape.features, self.labels.len());
        let mut found = Found { gradient: vec![0.0; weights.len()], loss: 0.0, right: 0 };
        let mut scores = vec![0.0; self.shape.classes];
        for at in part * count / self.parts..(part + 1) * count / self.parts {
            if at.is_multiple_of(STRETCH) {
                context.check_point();
            }
            let (sample, label) = (&self.samples[at * features..(at + 1) * features], self.labels[at]);
            for (score, weights) in scores.iter_mut().zip(weights.chunks_exact(row)) {
                let products = sample.iter().zip(weights).map(|(value, weight)| value * weight);
                *score = products.fold(weights[features], |sum, product| sum + product);
            }
            let of_label = scores[label];
            found.right +=
                u64::from(scores.iter().enumerate().all(|(class, score)| class == label || *score < of_label));
            found.loss += softmax(&mut scores) - of_label;
            // The derivative of the loss by a score is the probability, less one for the right class.
            scores[label] -= 1.0;
            for (error, gradient) in scores.iter().zip(found.gradient.chunks_exact_mut(row)) {
                for (sum, value) in gradient.iter_mut().zip(sample) {
                    *sum += error * value;
                }
                gradient[features] += error;
            }
        }
        found
    }
}

/// Values in little-endian order.
fn put(values: &[f64], bytes: &mut Vec<u8>) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

/// As many values as there must be.
fn take(bytes: &[u8], count: usize) -> Result<Vec<f64>, TaskError> {
    if bytes.len() != count * VALUE {
        return Err(TaskError::BadRequest);
    }
    Ok(bytes.as_chunks::<VALUE>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
}

impl Job for TrainJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    /// A part is told the weights, and replies with its sums: the gradient, the loss, and how many samples it got right.
    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let part = numbered::read(request)? as usize % self.parts;
        let weights = take(&context.turn.told, self.shape.weights())?;
        let found = self.find(part, &weights, context);
        put(&found.gradient, reply);
        put(&[found.loss, found.right as f64], reply);
        Ok(())
    }

    fn sizes(&self) -> (usize, usize) {
        (8, (self.shape.weights() + 2) * VALUE)
    }

    fn iterations(&self) -> Option<&dyn Iterations> {
        Some(self)
    }
}

impl Iterations for TrainJob {
    fn first(&self, told: &mut Vec<u8>) {
        put(&vec![0.0; self.shape.weights()], told);
    }

    /// A step against the mean gradient, which is added up in the order of parts.
    fn reduce(&self, _: u64, replies: &[Vec<u8>], told: &mut Vec<u8>) -> Result<(), TaskError> {
        let count = self.shape.weights();
        let mut weights = take(told, count)?;
        let mut gradient = vec![0.0; count];
        for reply in replies {
            for (sum, share) in gradient.iter_mut().zip(take(reply, count + 2)?) {
                *sum += share;
            }
        }
        let step = self.rate / self.labels.len() as f64;
        for (weight, gradient) in weights.iter_mut().zip(gradient) {
            *weight -= step * gradient;
        }
        told.clear();
        put(&weights, told);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { features: 6, classes: 4 };

    fn job(parts: usize) -> TrainJob {
        let (samples, labels) = clusters(3, 240, SHAPE);
        TrainJob { shape: SHAPE, samples, labels, parts, rate: 0.5 }
    }

    /// The mean loss and the share classified right of every iteration, and the weights in the end.
    fn train(job: &TrainJob, iterations: u64) -> (Vec<(f64, f64)>, Vec<f64>) {
        let (mut told, mut curve) = (Vec::new(), Vec::new());
        job.first(&mut told);
        for iteration in 0..iterations {
            let mut replies = Vec::new();
            for part in 0..job.parts as u64 {
                let (mut context, mut reply) = (Context::native(), Vec::new());
                context.turn.told = told.clone().into();
                let item = iteration * job.parts as u64 + part;
                job.run(&item.to_le_bytes(), &mut reply, &mut context).unwrap();
                assert!(reply.len() <= job.sizes().1);
                replies.push(reply);
            }
            let sum = |at: usize| replies.iter().map(|r| take(r, SHAPE.weights() + 2).unwrap()[at]).sum::<f64>();
            curve.push((sum(SHAPE.weights()) / 240.0, sum(SHAPE.weights() + 1) / 240.0));
            job.reduce(iteration, &replies, &mut told).unwrap();
        }
        (curve, take(&told, SHAPE.weights()).unwrap())
    }

    #[test]
    fn the_loss_falls_and_the_classes_are_told_apart() {
        let (curve, _) = train(&job(3), 60);
        // With weights of 0 every class has the same probability: a loss of ln 4.
        assert!((curve[0].0 - 4f64.ln()).abs() < 1e-12, "{:?}", curve[0]);
        assert!(curve.windows(2).all(|two| two[1].0 < two[0].0), "{curve:?}");
        // Chance is right in one of four.
        let (loss, right) = curve[59];
        assert!(loss < 0.8 && right > 0.7, "{loss}, {right}");
    }

    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let job = job(1);
        let weights: Vec<f64> = (0..SHAPE.weights()).map(|at| normal(7, at as u64) / 4.0).collect();
        let gradient = job.find(0, &weights, &mut Context::native()).gradient;
        let loss = |weights: &[f64]| job.find(0, weights, &mut Context::native()).loss;
        for at in 0..weights.len() {
            let moved = |by: f64| {
                let mut weights = weights.clone();
                weights[at] += by;
                loss(&weights)
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((slope - gradient[at]).abs() < 1e-5 * (1.0 + slope.abs()), "{at}: {slope}, {}", gradient[at]);
        }
    }

    #[test]
    fn parts_together_find_what_one_finds() {
        let (one, many) = (train(&job(1), 10), train(&job(7), 10));
        // Sums in another order: equal but for rounding.
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(one.1.iter().zip(&many.1).all(|(a, b)| near(*a, *b)));
        assert!(one.0.iter().zip(&many.0).all(|(a, b)| near(a.0, b.0) && a.1 == b.1));
    }

    #[test]
    fn noise_has_mean_0_and_variance_1() {
        let noise: Vec<f64> = (0..20_000).map(|at| normal(1, at)).collect();
        let mean = noise.iter().sum::<f64>() / 20_000.0;
        let variance = noise.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 20_000.0;
        // Standard errors: 0.007 and 0.01.
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.04, "{mean}, {variance}");
    }
}
