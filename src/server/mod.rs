//! The central audit server: people, site plan, leases, credentials and the tamper-evident log.
//!
//! | room | what |
//! |---|---|
//! | [`config`] | the data directory and its settings |
//! | [`keys`] | key files, random values, sealed camera accounts |
//! | [`tls`] | internal authority, certificates, who is at the other end |
//! | [`store`] | SQLite or PostgreSQL: log tables that only grow, and the few tables that change |
//! | [`log`] | sequencer (one writer, group commit), signer, proofs |
//! | [`people`] | passwords, lock-out, sessions |
//! | [`attribution`] | events in another's name are marked |
//! | [`camera_users`] | personal users on cameras, for as long as a session |
//! | [`unknown_users`] | users on cameras that nobody here made |
//! | [`dome_leases`], [`presence`] | who holds which dome, who watches what |
//! | [`clearances`] | who may see which recordings |
//! | [`plan`] | the site plan in force, its next version: changed by one, approved by another where it takes two, signed |
//! | [`change_notifier`] | tells waiting workstations that something in force changed |
//! | [`declared`] | declared events: in force for minutes, ended here |
//! | [`request_end`] | the one end of a request's time, for its writes |
//! | [`step_error`] | why a step of these was not taken |
//! | [`http`] | the calls of `protocol`, bounded |
//! | [`setup`] | a new data directory; the demonstration |
//! | [`rollover`], [`successions`] | a log that goes on under a new name, when the signer's memory is lost |
//! | [`new_beginning`] | two supervisors accept that a log lost what workstations saw |
//! | [`causes`] | an error with everything behind it, as one line of the log |
//! | [`now`] | the server's clock |
//! | [`systemd_unit`] | the unit it runs by, and what that does not give it |
//! | [`first_run`] | a real server: one administrator, the first supervisor's account, console, systemd unit |
//! | [`administer`] | the commands on people, workstations and sessions |
//! | [`last_supervisor`] | a supervisor admitted where there is no other |
//! | [`workstation_console`] | another workstation; the end of a quarantine |
//! | [`open_files`] | the limit of open files |
//! | [`metrics`] | figures for Prometheus |
//! | [`witness`] | the witness, which runs elsewhere |
//! | [`log_verify`], [`log_export`], [`log_read`], [`log_csv`], [`log_time`], [`log_proof`] | the commands on a log |
//! | [`doctor`] | what is wrong, in sentences |
//! | [`console`] | the event of a command on a whole log |
//!
//! Invariant: nothing is answered «durable» before its transaction is on disk, and nothing is signed that does not
//! continue what was signed before. Deliberately absent: pictures; nothing here speaks to a camera
//! (the program brings what makes users on cameras).

pub mod administer;
pub mod attribution;
pub mod camera_users;
pub mod causes;
pub mod change_notifier;
pub mod clearances;
pub mod config;
pub mod console;
pub mod declared;
pub mod doctor;
pub mod dome_leases;
pub mod error;
pub mod first_run;
pub mod http;
pub mod keys;
pub mod last_supervisor;
pub mod log;
pub mod log_csv;
pub mod log_export;
pub mod log_proof;
pub mod log_read;
pub mod log_time;
pub mod log_verify;
pub mod metrics;
pub mod new_beginning;
pub mod now;
pub mod open_files;
pub mod people;
pub mod plan;
pub mod presence;
pub mod request_end;
pub mod rollover;
pub mod setup;
pub mod step_error;
pub mod store;
pub mod successions;
pub mod systemd_unit;
pub mod tls;
pub mod unknown_users;
pub mod witness;
pub mod workstation_console;
