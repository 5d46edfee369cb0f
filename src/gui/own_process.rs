//! What a program does to its own process before anything else: it leaves no dump of its memory, which has passwords and keys in it,
//! and keeps that memory small.
//!
//! Invariant: whatever of it the system does not allow stops nothing. Deliberately absent: what only the unit of a service can do
//! (`server::systemd_unit`); hiding the process from others of the same account, which would keep monitoring out too.

use rustix::process::{Resource, Rlimit, setrlimit};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// From now on no core file of this process, or of one that it becomes, is written, and the limit cannot be raised again.
pub fn leave_no_dump() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "a dump of this program's memory may be written where it fails");
    }
}

/// Starts this program once more, in this same process, with two arenas for memory. Called first, before any thread.
///
/// By itself glibc makes up to eight arenas for each core and leaves in each what its threads gave back. Every stream has
/// threads of its own, and cameras that come and go all night make a wall grow by hundreds of megabytes (figures:
/// `benches/README.md`). Only the environment can say how many, and it is read before the program begins.
pub fn with_few_arenas() {
    const ARENAS: &str = "MALLOC_ARENA_MAX";
    let mut arguments = std::env::args_os();
    if let (None, Some(name), Ok(program)) = (std::env::var_os(ARENAS), arguments.next(), std::env::current_exe()) {
        let mut again = Command::new(program);
        let error = again.arg0(name).args(arguments).env(ARENAS, "2").exec();
        tracing::warn!(%error, "the number of arenas stays as it is");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::getrlimit;

    #[test]
    fn no_dump_is_left() {
        leave_no_dump();
        let limit = getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
    }
}
