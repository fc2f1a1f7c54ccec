//! How a process ended, in words.

/// How a process ended, from its wait status as `waitpid` gives it: `exit code 3`, `signal 9 (SIGKILL)`.
#[must_use]
pub fn exit_words(status: i32) -> String {
    let low = status & 0x7f;
    if low == 0 {
        return format!("exit code {}", (status >> 8) & 0xff);
    }
    let known = [
        (1, "SIGHUP"),
        (2, "SIGINT"),
        (3, "SIGQUIT"),
        (4, "SIGILL"),
        (6, "SIGABRT"),
        (7, "SIGBUS"),
        (8, "SIGFPE"),
        (9, "SIGKILL"),
        (11, "SIGSEGV"),
        (13, "SIGPIPE"),
        (15, "SIGTERM"),
        (24, "SIGXCPU"),
        (31, "SIGSYS"),
    ];
    match known.iter().find(|(number, _)| *number == low) {
        Some((_, name)) => format!("signal {low} ({name})"),
        None => format!("signal {low}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exits_and_signals_are_named() {
        assert_eq!(exit_words(7 << 8), "exit code 7");
        assert_eq!(exit_words(9), "signal 9 (SIGKILL)");
        assert_eq!(exit_words(64), "signal 64");
    }

    #[test]
    fn a_core_dump_does_not_change_the_signal() {
        assert_eq!(exit_words(11 | 0x80), "signal 11 (SIGSEGV)");
    }
}
