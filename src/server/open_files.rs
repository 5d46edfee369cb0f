//! How many files and connections this process may have open at once.
//!
//! Invariant: the limit is never lowered, and that it cannot be raised stops nothing: the gate's bounds hold all the same.
//! Deliberately absent: the hard limit, which is the administrator's (`LimitNOFILE` in the unit).

use crate::server::causes::causes;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the gate's bounds and the database need with much to spare.
const WANTED: u64 = 65_536;
/// Below it a crowd of connections could leave none for the database.
const LEAST: u64 = 4_096;

/// Raises the soft limit as far as is wanted and allowed, and says in the log when that is little.
pub fn raise() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(WANTED, |most| most.min(WANTED));
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = Rlimit {
            current: Some(wanted),
            maximum: limit.maximum,
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(error = %causes(&error), "the limit of open files stays as it is");
        }
    }
    let now = getrlimit(Resource::Nofile).current;
    if let Some(files) = now.filter(|now| *now < LEAST) {
        tracing::warn!(files, "few files may be open at once: set LimitNOFILE in the unit");
    }
}
