//! Every test that uses the program from outside, in one program: linked once, and run one test to a process.
//!
//! Deliberately absent: tests of a single file; they stand in it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot prepare itself fails where it stands; the lint's own exception does not reach helpers"
)]

mod architecture;
mod attacks;
mod audit_faults;
mod audit_figures;
mod audit_golden;
mod audit_hostile;
mod audit_log;
mod audit_model;
mod audit_mutations;
mod audit_outside;
mod audit_postgres;
mod audit_proof;
mod audit_read;
mod audit_server;
mod audit_time;
mod cluster;
mod contractor;
mod covered_copies;
mod documents;
mod domain_called;
mod dome_lease;
mod end_to_end;
mod event_fixture;
mod i18n;
mod media_streams;
mod media_town;
mod officers_program;
mod onvif_hostile;
mod onvif_replies;
mod onvif_simulator;
mod people_matrix;
mod pooler;
mod private_files;
mod release_before;
mod scripted_device;
mod second_person;
mod server_accounts;
mod server_crowd;
mod server_findings;
mod server_folder;
mod server_holds;
mod server_matrix;
mod server_people;
mod server_put_back;
mod server_tls;
mod session_ports;
mod sim_onvif_clients;
mod sim_onvif_faults;
mod sim_replay;
mod sim_terminal;
mod sim_town;
mod sim_video;
mod simulated;
mod site_admin;
mod station_audit;
mod town;
mod town_hall;
mod two_controllers;
mod wall_card;
