//! The one decision, cell by cell: every level × right × kind of workstation × state of the server, with the rule that
//! allows or refuses (R-ACC-2); and the offices of each level (R-ACC-4).
//!
//! Invariant: the tables below are written by hand, not produced by the program. Deliberately absent: properties (they
//! stand beside the decision).

use vedetta::domain::people::{
    Action, AdminRight, Asked, Circumstances, Decision, Grant, Ground, Level, LogRight, Person, Reach, Right, Rule,
    Shift, StationKind, decide,
};
use vedetta::domain::privacy::school_calendar::Day;

/// Somebody with every grant on every camera of one controller: what the table refuses, no grant gives.
fn person(level: Level, actions: &[Action]) -> Person {
    Person {
        user: "neri".into(),
        display_name: "Ag. Chiara Neri".into(),
        agency: "Polizia Locale di Borgo Vedetta".into(),
        level,
        grants: vec![Grant {
            controller: "borgo".parse().unwrap(),
            cameras: vec![],
            actions: actions.to_vec(),
            hours: vec![],
        }],
    }
}

const RIGHTS: [(&str, Right); 7] = [
    ("live", Right::Grant(Action::Live)),
    ("ptz", Right::Grant(Action::Ptz)),
    ("lift", Right::Grant(Action::Lift)),
    ("playback", Right::Grant(Action::Playback)),
    ("clear", Right::Grant(Action::Clear)),
    ("export", Right::Grant(Action::Export)),
    ("figures", Right::Figures),
];

const LEVELS: [(&str, Level); 5] = [
    ("operator", Level::Operator),
    ("supervisor", Level::Supervisor),
    ("force", Level::ForceOperator),
    ("administrator", Level::SystemAdministrator),
    ("maintainer", Level::Maintainer),
];

/// The name of the rule, short. Capitals allow.
fn name(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed(Ground::Grant) => "GRANT",
        Decision::Allowed(Ground::GrantForTheHour) => "HOUR",
        Decision::Allowed(Ground::Grace) => "GRACE",
        Decision::Allowed(Ground::FiguresOnly) => "FIGURES",
        Decision::Allowed(Ground::AdminRight) => "OFFICE",
        Decision::Refused(Rule::NoGrant) => "no-grant",
        Decision::Refused(Rule::OutsideHours) => "hours",
        Decision::Refused(Rule::NotAtThisStation) => "station",
        Decision::Refused(Rule::ServerAway) => "away",
        Decision::Refused(Rule::GraceOver) => "over",
        Decision::Refused(Rule::MaintainerSeesNoImage) => "no-image",
        Decision::Refused(Rule::AdministratorDoesNotWatch) => "no-watch",
        Decision::Refused(Rule::SupervisorOnly) => "supervisor",
        Decision::Refused(Rule::OtherController) => "other",
        Decision::Refused(Rule::SchoolHours | Rule::FourEyes) => "of-another-question",
    }
}

/// Columns: the three kinds of workstation, each with the server in reach, away within the grace, away beyond it.
fn row(decide: impl Fn(&Circumstances) -> Decision) -> Vec<&'static str> {
    let mut cells = Vec::new();
    for station in StationKind::ALL {
        for server in Reach::ALL {
            cells.push(name(decide(&Circumstances {
                station,
                server,
                local: None,
            })));
        }
    }
    cells
}

/// Compares a table written by hand with the decisions, and names every cell that differs.
fn compare(table: &str, rows: Vec<(String, Vec<&'static str>)>) {
    let expected: Vec<(String, Vec<&str>)> = table
        .lines()
        .filter(|line| line.contains('|') && !line.contains("server"))
        .map(|line| {
            let (head, cells) = line.split_once('|').unwrap();
            let words = head.split_whitespace().collect::<Vec<_>>().join(" ");
            (words, cells.split(['|', ' ']).filter(|cell| !cell.is_empty()).collect())
        })
        .collect();
    let mut wrong = Vec::new();
    assert_eq!(
        expected.iter().map(|(head, _)| head).collect::<Vec<_>>(),
        rows.iter().map(|(head, _)| head).collect::<Vec<_>>(),
        "a row is missing"
    );
    for ((head, expected), (_, found)) in expected.iter().zip(&rows) {
        assert_eq!((head, expected.len()), (head, found.len()));
        for (column, (expected, found)) in expected.iter().zip(found).enumerate() {
            if expected != found {
                wrong.push(format!("{head}, column {column}: {found}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn asked<'a>(
    right: Right,
    (controller, camera): &'a (vedetta::domain::camera::ControllerId, vedetta::domain::camera::CameraId),
) -> Asked<'a> {
    Asked::Camera {
        right,
        controller,
        camera,
    }
}

#[test]
fn r_acc_2_every_level_action_workstation_and_state_of_the_server_has_its_rule() {
    // Everything is granted: the level, the workstation and the server are what is left to refuse.
    let table = "
    server:                   | reach   grace   away  | reach    grace    away     | reach    grace    away
    operator      live        | GRANT   GRACE   over  | GRANT    away     over     | station  station  station
    operator      ptz         | GRANT   GRACE   over  | GRANT    away     over     | station  station  station
    operator      lift        | supervisor supervisor supervisor | supervisor supervisor supervisor | supervisor supervisor supervisor
    operator      playback    | GRANT   away    over  | GRANT    away     over     | station  station  station
    operator      clear       | supervisor supervisor supervisor | supervisor supervisor supervisor | supervisor supervisor supervisor
    operator      export      | GRANT   away    over  | station  station  station  | station  station  station
    operator      figures     | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    supervisor    live        | GRANT   GRACE   over  | GRANT    away     over     | station  station  station
    supervisor    ptz         | GRANT   GRACE   over  | GRANT    away     over     | station  station  station
    supervisor    lift        | GRANT   away    over  | station  station  station  | station  station  station
    supervisor    playback    | GRANT   away    over  | GRANT    away     over     | station  station  station
    supervisor    clear       | GRANT   away    over  | station  station  station  | station  station  station
    supervisor    export      | GRANT   away    over  | station  station  station  | station  station  station
    supervisor    figures     | FIGURES away    over  | station  station  station  | FIGURES  away     over
    force         live        | GRANT   GRACE   over  | GRANT    away     over     | station  station  station
    force         ptz         | GRANT   GRACE   over  | GRANT    away     over     | station  station  station
    force         lift        | supervisor supervisor supervisor | supervisor supervisor supervisor | supervisor supervisor supervisor
    force         playback    | GRANT   away    over  | GRANT    away     over     | station  station  station
    force         clear       | supervisor supervisor supervisor | supervisor supervisor supervisor | supervisor supervisor supervisor
    force         export      | GRANT   away    over  | station  station  station  | station  station  station
    force         figures     | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    administrator live        | no-watch no-watch no-watch | no-watch no-watch no-watch | no-watch no-watch no-watch
    administrator ptz         | no-watch no-watch no-watch | no-watch no-watch no-watch | no-watch no-watch no-watch
    administrator lift        | no-watch no-watch no-watch | no-watch no-watch no-watch | no-watch no-watch no-watch
    administrator playback    | no-watch no-watch no-watch | no-watch no-watch no-watch | no-watch no-watch no-watch
    administrator clear       | no-watch no-watch no-watch | no-watch no-watch no-watch | no-watch no-watch no-watch
    administrator export      | no-watch no-watch no-watch | no-watch no-watch no-watch | no-watch no-watch no-watch
    administrator figures     | FIGURES away    over  | station  station  station  | FIGURES  away     over
    maintainer    live        | no-image no-image no-image | no-image no-image no-image | no-image no-image no-image
    maintainer    ptz         | no-image no-image no-image | no-image no-image no-image | no-image no-image no-image
    maintainer    lift        | no-image no-image no-image | no-image no-image no-image | no-image no-image no-image
    maintainer    playback    | no-image no-image no-image | no-image no-image no-image | no-image no-image no-image
    maintainer    clear       | no-image no-image no-image | no-image no-image no-image | no-image no-image no-image
    maintainer    export      | no-image no-image no-image | no-image no-image no-image | no-image no-image no-image
    maintainer    figures     | FIGURES away    over  | station  station  station  | FIGURES  away     over
    ";
    let spot = ("borgo".parse().unwrap(), "cam-01".parse().unwrap());
    let mut rows = Vec::new();
    for (level_name, level) in LEVELS {
        for (right_name, right) in RIGHTS {
            let cells = row(|here| decide(&person(level, &Action::ALL), asked(right, &spot), here));
            rows.push((format!("{level_name} {right_name}"), cells));
        }
    }
    compare(table, rows);
}

#[test]
fn r_acc_2_without_its_grant_no_cell_allows_anything_with_a_picture() {
    let spot = ("borgo".parse().unwrap(), "cam-01".parse().unwrap());
    for (level_name, level) in LEVELS {
        for action in Action::ALL {
            let others: Vec<Action> = Action::ALL.into_iter().filter(|other| *other != action).collect();
            let asked = asked(Right::Grant(action), &spot);
            for cell in row(|here| decide(&person(level, &others), asked, here)) {
                let expected = match level {
                    Level::Maintainer => "no-image",
                    Level::SystemAdministrator => "no-watch",
                    Level::Operator | Level::Supervisor | Level::ForceOperator => "no-grant",
                };
                assert_eq!(cell, expected, "{level_name} {action:?}");
            }
        }
    }
}

#[test]
fn r_acc_4_each_level_has_its_offices_in_the_control_room_only() {
    let table = "
    server:                      | reach    grace    away     | reach    grace    away     | reach    grace    away
    operator      ReadPeople     | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    operator      ConfirmPeople  | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    operator      KeepPeople     | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    operator      KeepStations   | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    operator      KeepCameras    | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    operator      ApproveCameras | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    operator      AdmitSupervisors | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    supervisor    ReadPeople     | OFFICE   away     over     | station  station  station  | station  station  station
    supervisor    ConfirmPeople  | OFFICE   away     over     | station  station  station  | station  station  station
    supervisor    KeepPeople     | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    supervisor    KeepStations   | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    supervisor    KeepCameras    | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    supervisor    ApproveCameras | OFFICE   away     over     | station  station  station  | station  station  station
    supervisor    AdmitSupervisors | OFFICE away     over     | station  station  station  | station  station  station
    force         ReadPeople     | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    force         ConfirmPeople  | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    force         KeepPeople     | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    force         KeepStations   | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    force         KeepCameras    | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    force         ApproveCameras | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    force         AdmitSupervisors | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    administrator ReadPeople     | OFFICE   away     over     | station  station  station  | station  station  station
    administrator ConfirmPeople  | OFFICE   away     over     | station  station  station  | station  station  station
    administrator KeepPeople     | OFFICE   away     over     | station  station  station  | station  station  station
    administrator KeepStations   | OFFICE   away     over     | station  station  station  | station  station  station
    administrator KeepCameras    | OFFICE   away     over     | station  station  station  | station  station  station
    administrator ApproveCameras | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    administrator AdmitSupervisors | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    maintainer    ReadPeople     | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    maintainer    ConfirmPeople  | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    maintainer    KeepPeople     | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    maintainer    KeepStations   | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    maintainer    KeepCameras    | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    maintainer    ApproveCameras | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    maintainer    AdmitSupervisors | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    ";
    let mut rows = Vec::new();
    for (level_name, level) in LEVELS {
        for office in AdminRight::ALL {
            let cells = row(|here| decide(&person(level, &Action::ALL), Asked::Admin(office), here));
            rows.push((format!("{level_name} {office:?}"), cells));
        }
    }
    compare(table, rows);
}

#[test]
fn r_acc_5_an_office_reaches_as_far_as_the_controllers_of_the_person_and_no_further() {
    // Columns: what belongs to one's own controller, to another's, to both, to nobody; and by a grant on one camera only.
    let table = "
    server:                      | own    another both   nobody | group
    supervisor    ReadPeople     | OFFICE other   other  OFFICE | other
    supervisor    ConfirmPeople  | OFFICE other   other  OFFICE | other
    supervisor    KeepPeople     | no-grant no-grant no-grant no-grant | no-grant
    supervisor    KeepStations   | no-grant no-grant no-grant no-grant | no-grant
    supervisor    KeepCameras    | no-grant no-grant no-grant no-grant | no-grant
    supervisor    ApproveCameras | OFFICE other   other  OFFICE | other
    supervisor    AdmitSupervisors | OFFICE other other  OFFICE | other
    administrator ReadPeople     | OFFICE other   other  OFFICE | other
    administrator ConfirmPeople  | OFFICE other   other  OFFICE | other
    administrator KeepPeople     | OFFICE other   other  OFFICE | other
    administrator KeepStations   | OFFICE other   other  OFFICE | other
    administrator KeepCameras    | OFFICE other   other  OFFICE | other
    administrator ApproveCameras | no-grant no-grant no-grant no-grant | no-grant
    administrator AdmitSupervisors | no-grant no-grant no-grant no-grant | no-grant
    ";
    let (own, another) = ("borgo".parse().unwrap(), "altrove".parse().unwrap());
    let here = Circumstances {
        station: StationKind::ControlRoom,
        server: Reach::Reachable,
        local: None,
    };
    let mut rows = Vec::new();
    for (level_name, level) in [LEVELS[1], LEVELS[3]] {
        for office in AdminRight::ALL {
            let whole = person(level, &Action::ALL);
            let mut group = whole.clone();
            group.grants[0].cameras.push("cam-01".parse().unwrap());
            let asked = |person: &Person, controllers: &[vedetta::domain::camera::ControllerId]| {
                name(decide(person, Asked::AdminOver { office, controllers }, &here))
            };
            let cells = vec![
                asked(&whole, std::slice::from_ref(&own)),
                asked(&whole, std::slice::from_ref(&another)),
                asked(&whole, &[another.clone(), own.clone()]),
                asked(&whole, &[]),
                asked(&group, std::slice::from_ref(&own)),
            ];
            rows.push((format!("{level_name} {office:?}"), cells));
        }
    }
    compare(table, rows);
}

#[test]
fn r_acc_2_a_grant_for_the_night_shift_is_good_at_night() {
    use jiff::civil::{date, time};
    let mut neri = person(Level::Operator, &[Action::Live]);
    neri.grants[0].hours = vec![Shift {
        days: vec![Day::Friday, Day::Saturday],
        from: time(22, 0, 0, 0),
        to: time(6, 0, 0, 0),
    }];
    let spot = ("borgo".parse().unwrap(), "cam-01".parse().unwrap());
    // Friday 20 to Sunday 22 November 2026, and a clock that is not known.
    for (local, expected) in [
        (Some(date(2026, 11, 20).at(21, 59, 59, 0)), "hours"),
        (Some(date(2026, 11, 20).at(22, 0, 0, 0)), "HOUR"),
        (Some(date(2026, 11, 21).at(5, 59, 59, 0)), "HOUR"),
        (Some(date(2026, 11, 21).at(6, 0, 0, 0)), "hours"),
        (Some(date(2026, 11, 22).at(3, 0, 0, 0)), "HOUR"),
        (Some(date(2026, 11, 22).at(22, 0, 0, 0)), "hours"),
        (None, "hours"),
    ] {
        let here = Circumstances {
            station: StationKind::ControlRoom,
            server: Reach::Reachable,
            local,
        };
        let decision = decide(&neri, asked(Right::Grant(Action::Live), &spot), &here);
        assert_eq!(name(decision), expected, "{local:?}");
    }
}

#[test]
fn r_aud_3_each_level_has_its_rights_on_a_log_in_the_control_room_only() {
    let table = "
    server:                      | reach    grace    away     | reach    grace    away     | reach    grace    away
    operator      Read           | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    operator      RaiseFloor     | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    operator      SetHold        | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    operator      LiftHold       | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    operator      OrderPruning   | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    operator      ApprovePruning | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    supervisor    Read           | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    supervisor    RaiseFloor     | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    supervisor    SetHold        | OFFICE   away     over     | station  station  station  | station  station  station
    supervisor    LiftHold       | OFFICE   away     over     | station  station  station  | station  station  station
    supervisor    OrderPruning   | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    supervisor    ApprovePruning | OFFICE   away     over     | station  station  station  | station  station  station
    force         Read           | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    force         RaiseFloor     | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    force         SetHold        | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    force         LiftHold       | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    force         OrderPruning   | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    force         ApprovePruning | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    administrator Read           | OFFICE   away     over     | station  station  station  | station  station  station
    administrator RaiseFloor     | OFFICE   away     over     | station  station  station  | station  station  station
    administrator SetHold        | OFFICE   away     over     | station  station  station  | station  station  station
    administrator LiftHold       | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    administrator OrderPruning   | OFFICE   away     over     | station  station  station  | station  station  station
    administrator ApprovePruning | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    maintainer    Read           | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    maintainer    RaiseFloor     | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    maintainer    SetHold        | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    maintainer    LiftHold       | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    maintainer    OrderPruning   | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    maintainer    ApprovePruning | no-grant no-grant no-grant | no-grant no-grant no-grant | no-grant no-grant no-grant
    ";
    let (borgo, altrove) = ("borgo".parse().unwrap(), "altrove".parse().unwrap());
    let mut rows = Vec::new();
    for (level_name, level) in LEVELS {
        for right in LogRight::ALL {
            let on = |controller| {
                let asked = Asked::Log { right, controller };
                row(|here| decide(&person(level, &Action::ALL), asked, here))
            };
            rows.push((format!("{level_name} {right:?}"), on(&borgo)));
            assert_eq!(
                on(&altrove),
                ["no-grant"; 9],
                "{level_name} {right:?} on another controller's log"
            );
        }
    }
    compare(table, rows);
}

#[test]
fn r_prv_1_masks_are_approved_by_a_supervisor_of_the_camera_in_the_control_room() {
    let table = "
    server:            | reach      grace      away       | reach      grace      away       | reach      grace      away
    operator      mask | supervisor supervisor supervisor | supervisor supervisor supervisor | supervisor supervisor supervisor
    supervisor    mask | OFFICE     away       over       | station    station    station    | station    station    station
    force         mask | supervisor supervisor supervisor | supervisor supervisor supervisor | supervisor supervisor supervisor
    administrator mask | supervisor supervisor supervisor | supervisor supervisor supervisor | supervisor supervisor supervisor
    maintainer    mask | supervisor supervisor supervisor | supervisor supervisor supervisor | supervisor supervisor supervisor
    ";
    let spot = ("borgo".parse().unwrap(), "cam-01".parse().unwrap());
    let mut rows = Vec::new();
    for (level_name, level) in LEVELS {
        let cells = row(|here| decide(&person(level, &Action::ALL), asked(Right::ApproveMask, &spot), here));
        rows.push((format!("{level_name} mask"), cells));
    }
    compare(table, rows);
    let elsewhere = ("altrove".parse().unwrap(), "cam-01".parse().unwrap());
    let cells = row(|here| {
        decide(
            &person(Level::Supervisor, &Action::ALL),
            asked(Right::ApproveMask, &elsewhere),
            here,
        )
    });
    assert_eq!(cells, ["no-grant"; 9]);
}
