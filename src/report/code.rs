//! The pick as a program: the lines to write in Python for what was measured, call by call.

use crate::results::{Pick, Results, Workload, WorkloadVerdict};
use crate::setting::{Config, Model, Runtime, Value};

/// The lines of the first pick of a workload; nothing where it is no function of the user's, or where what was measured is a class
/// that leaves the program to its user.
pub(super) fn lines(results: &Results, verdict: &WorkloadVerdict) -> Option<String> {
    let workload = results.workloads.get(verdict.workload)?;
    let pick: &Pick = verdict.picks.first()?;
    let configuration = results.configurations.get(pick.configuration)?;
    let config = &configuration.config;
    if workload.runtime != Runtime::Python || workload.task != "python" {
        return None;
    }
    // What a variant has is what is picked.
    let mut own = workload.clone();
    own.settings.extend(results.variant_of(configuration).map(|variant| variant.settings.clone()).unwrap_or_default());
    Program::of(results, &own)?.lines(config)
}

/// Numbers up to which a program counts as a trial did.
const MANY: u64 = 1000;

struct Program {
    module: String,
    /// What is imported of the module, and the name by which it is called.
    root: String,
    call: String,
    items: Items,
    /// Whether it is a coroutine function, as far as the workload shows: an event loop was compared.
    coroutine: bool,
}

/// Where the items come from.
enum Items {
    Numbers(u64),
    Expression(String),
    From { module: String, name: String },
    File(String),
}

fn text(workload: &Workload, name: &str) -> String {
    match workload.settings.get(name) {
        Some(Value::Word(text)) => text.clone(),
        _ => String::new(),
    }
}

impl Program {
    fn of(results: &Results, workload: &Workload) -> Option<Self> {
        let call = text(workload, "call");
        let (module, name) = call.split_once(':')?;
        let [data, from, expression] = ["data", "items_from", "items_expr"].map(|name| text(workload, name));
        let configs = workload.configurations.iter().map(|id| &results.configurations[*id]);
        let items = if let Some((module, name)) = from.split_once(':') {
            Items::From { module: module.into(), name: name.into() }
        } else if !expression.is_empty() {
            Items::Expression(expression)
        } else if !data.is_empty() {
            Items::File(data)
        } else {
            Items::Numbers(configs.clone().map(|one| one.items).max().unwrap_or(0))
        };
        Some(Self {
            module: module.to_owned(),
            root: name.split('.').next().unwrap_or(name).to_owned(),
            call: name.to_owned(),
            items,
            coroutine: configs.clone().any(|one| one.config.model == Model::Async),
        })
    }

    /// The whole program, imports first. Workers that start afresh import it again, so that what starts them is guarded.
    fn lines(&self, config: &Config) -> Option<String> {
        let Program { call, .. } = self;
        let workers = config.workers.unwrap_or(1);
        let chunk = config.chunk.filter(|chunk| *chunk > 1);
        let chunk = chunk.map_or(String::new(), |chunk| format!(", chunksize={chunk}"));
        let start = config.start.map_or("fork", |start| start.word());
        let one = if self.coroutine { format!("asyncio.run({call}(item))") } else { format!("{call}(item)") };
        let mapped = if self.coroutine { format!("lambda item: {one}") } else { call.clone() };
        let (imports, body, guarded): (&[&str], String, bool) = match config.model {
            Model::Serial => (&[], format!("results = [{one} for item in items]\n"), false),
            Model::ThreadPoolExecutor => (
                &["from concurrent.futures import ThreadPoolExecutor"],
                format!(
                    "with ThreadPoolExecutor(max_workers={workers}) as pool:\n    results = list(pool.map({mapped}, items))\n"
                ),
                false,
            ),
            Model::ThreadPool => (
                &["from multiprocessing.pool import ThreadPool"],
                format!("with ThreadPool({workers}) as pool:\n    results = pool.map({mapped}, items{chunk})\n"),
                false,
            ),
            Model::ProcessPoolExecutor if !self.coroutine => (
                &["from concurrent.futures import ProcessPoolExecutor", "from multiprocessing import get_context"],
                format!(
                    "with ProcessPoolExecutor(max_workers={workers}, mp_context=get_context(\"{start}\")) as pool:\n    \
                     results = list(pool.map({call}, items{chunk}))\n"
                ),
                true,
            ),
            Model::Pool if !self.coroutine => (
                &["from multiprocessing import get_context"],
                format!(
                    "with get_context(\"{start}\").Pool({workers}) as pool:\n    results = pool.map({call}, items{chunk})\n"
                ),
                true,
            ),
            Model::Async => (&["import asyncio"], self.event_loop(config.concurrency.unwrap_or(1)), false),
            _ => return None,
        };
        let mut heads: Vec<String> = imports.iter().map(|line| (*line).to_owned()).collect();
        if self.coroutine && config.model != Model::Async {
            heads.push("import asyncio".into());
        }
        let (item_heads, items) = self.items();
        heads.extend(item_heads);
        heads.sort_by_key(|line| (!line.starts_with("import"), line.clone()));
        heads.push(format!("from {} import {}", self.module, self.root));
        heads.dedup();
        let body = format!("items = {items}\n{body}");
        let body = match guarded {
            true => format!("if __name__ == \"__main__\":\n{}", indented(&body)),
            false => body,
        };
        Some(format!("{}\n\n{body}", heads.join("\n")))
    }

    fn event_loop(&self, concurrency: u32) -> String {
        let call = &self.call;
        format!(
            "\nasync def main():\n    limit = asyncio.Semaphore({concurrency})\n\n    async def one(item):\n        async with \
             limit:\n            return await {call}(item)\n\n    return await asyncio.gather(*map(one, items))\n\n\
             results = asyncio.run(main())\n"
        )
    }

    /// What is imported for the items, and an expression that gives them in a list.
    fn items(&self) -> (Vec<String>, String) {
        match &self.items {
            // A trial of small items has millions, which say nothing to a reader.
            Items::Numbers(count) if *count > MANY => (vec![], format!("range({MANY})  # as many items as you have")),
            Items::Numbers(count) => (vec![], format!("range({count})")),
            Items::Expression(expression) => (vec![], format!("list({expression})")),
            Items::From { module, name } => {
                let root = name.split('.').next().unwrap_or(name);
                (
                    vec![format!("from {module} import {root}")],
                    format!("list({name}() if callable({name}) else {name})"),
                )
            }
            Items::File(path) => {
                let path = serde_json::Value::from(path.as_str()).to_string();
                match path.trim_end_matches('"').rsplit('.').next() {
                    Some("csv") => (
                        vec!["import csv".into()],
                        format!("list(csv.DictReader(open({path}, encoding=\"utf-8-sig\")))"),
                    ),
                    Some("json") => (vec!["import json".into()], format!("json.load(open({path}))")),
                    Some("txt") => (vec![], format!("open({path}).read().splitlines()")),
                    _ => (vec!["import json".into()], format!("[json.loads(line) for line in open({path})]")),
                }
            }
        }
    }
}

fn indented(text: &str) -> String {
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") };
    text.lines().map(line).collect()
}
