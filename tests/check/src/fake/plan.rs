//! The site plan of the fake desk.
//!
//! Deliberately absent: masks and school hours, which the desks that need them add (`masked`, `school`).

use vedetta::domain::site::SitePlan;

/// A plan of `cameras` cameras, the last `domes` of them domes.
pub fn plan(cameras: usize, domes: usize) -> SitePlan {
    let places = [
        "Piazza Garibaldi",
        "Via Roma",
        "Scuola Manzoni",
        "Parco delle Rimembranze",
    ];
    let list: Vec<_> = (1..=cameras)
        .map(|n| {
            let dome = n > cameras - domes;
            serde_json::json!({
                "id": format!("cam-{n:02}"), "number": n, "place": places[n % places.len()],
                "name": if dome { format!("Cupola {n}") } else { format!("Telecamera {n}") },
                "controller": "borgo-vedetta", "kind": if dome { "dome" } else { "fixed" },
                "onvif": "http://127.0.0.1:9/onvif/device_service",
                "limits": if dome { serde_json::json!({"zoom_ceiling": 8.0, "pan_deg": [-120.0, 120.0]}) }
                          else { serde_json::json!({}) },
                "lens": dome.then(|| serde_json::json!({
                    "pan_range_deg": [-180.0, 180.0], "tilt_range_deg": [-90.0, 20.0],
                    "hfov_by_zoom": [[0.0, 62.0], [1.0, 3.0]], "aspect": 16.0 / 9.0,
                })),
            })
        })
        .collect();
    let plan = serde_json::json!({
        "version": 1,
        "controllers": [{"id": "borgo-vedetta", "name": "Comune di Borgo Vedetta", "istat": "020999"}],
        "cameras": list,
    });
    serde_json::from_value(plan).unwrap_or(SitePlan {
        version: 0,
        controllers: Vec::new(),
        cameras: Vec::new(),
        critical: Vec::new(),
    })
}
