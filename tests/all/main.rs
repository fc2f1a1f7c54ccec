//! Everything that is tested from outside: through the real program, real processes and real pipes.
//!
//! No test asserts a speed; times only bound hangs, and leave room for a loaded machine.

#![allow(clippy::unwrap_used)]

mod arrays;
mod auto;
mod baseline;
mod browser;
mod cases;
mod compare;
mod contract;
mod cycles;
mod damage;
#[cfg(feature = "sqlite")]
mod databases;
mod embed;
mod expectations;
mod exports;
mod failures;
mod faults;
mod helps;
mod ladder;
mod layers;
mod locks;
mod logs;
mod methodology;
mod niceness;
mod noise;
mod numbers;
mod pages;
mod phrases;
mod pipelines;
mod python;
mod python_rates;
mod rates;
mod resume;
mod runs;
mod scenarios;
mod support;
mod topologies;
mod trying;
mod usage;
mod users_code;
mod variants;
mod web;
mod workloads;
