//! The `runner` program: the library's command line over the tasks that are built in.

fn main() -> std::process::ExitCode {
    runner::cli::main(&runner::task::Tasks::builtin())
}
