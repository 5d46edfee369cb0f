//! The ONVIF services of one simulated camera, over HTTP on a port of its own.
//!
//! Invariant: every operation answers as its WSDL says, or with a fault of ONVIF Core 5.11; what is not offered is not
//! listed. Deliberately absent: RTSP, pictures, anything of the client's own ONVIF code.

mod access;
mod device;
mod events;
mod http;
pub(super) mod identity;
mod masks;
mod media;
mod media2;
mod positions;
mod profiles;
mod ptz;
mod ptz_nodes;
mod recording;
mod search;
pub mod soap;
pub mod xml;

use super::auth::Gate;
use super::device::Device;
use super::faults::{AddressFault, UriFault};
pub use profiles::turned_orientation;
use soap::{Fault, Request};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use xml::Element;

/// Namespace of the Device service.
pub const DEVICE: &str = "http://www.onvif.org/ver10/device/wsdl";
/// Namespace of the Media service.
pub const MEDIA: &str = "http://www.onvif.org/ver10/media/wsdl";
/// Namespace of the Media2 service.
pub const MEDIA2: &str = "http://www.onvif.org/ver20/media/wsdl";
/// Namespace of the PTZ service.
pub const PTZ: &str = "http://www.onvif.org/ver20/ptz/wsdl";
/// Namespace of the Events service.
pub const EVENTS: &str = "http://www.onvif.org/ver10/events/wsdl";
/// Namespace of the Recording service.
pub const RECORDING: &str = "http://www.onvif.org/ver10/recording/wsdl";
/// Namespace of the Search service.
pub const SEARCH: &str = "http://www.onvif.org/ver10/search/wsdl";
/// Namespace of the Replay service.
pub const REPLAY: &str = "http://www.onvif.org/ver10/replay/wsdl";
/// Namespace of WS-BaseNotification, for `Renew` and `Unsubscribe`.
const NOTIFICATION: &str = "http://docs.oasis-open.org/wsn/b-2";

/// One camera as its services see it.
pub(super) struct Camera {
    device: Arc<Device>,
    /// `http://127.0.0.1:port`, without a slash at the end.
    base: String,
    gate: Mutex<Gate>,
    pull_points: events::PullPoints,
    searches: search::Searches,
}

impl Camera {
    fn xaddr(&self, service: &str) -> String {
        match self.device.faults().addresses {
            AddressFault::Normal => format!("{}/onvif/{service}", self.base),
            AddressFault::WrongHost => format!("http://192.0.2.1/onvif/{service}"),
            AddressFault::WrongPort => format!("http://127.0.0.1:1/onvif/{service}"),
            AddressFault::Relative => format!("/onvif/{service}"),
        }
    }

    fn rtsp(&self, path: &str) -> String {
        let port = self.device.rtsp_port();
        match self.device.faults().stream_uri {
            UriFault::Normal => format!("rtsp://127.0.0.1:{port}{path}"),
            UriFault::Credentials => format!("rtsp://admin:12345@127.0.0.1:{port}{path}"),
            UriFault::Placeholder => format!("rtsp://0.0.0.0:{port}{path}"),
        }
    }

    fn is_dome(&self) -> bool {
        self.device.site().kind == crate::domain::camera::CameraKind::Dome
    }

    /// Answers one operation. `path` is where the request was sent: pull points are distinguished by it.
    async fn answer(&self, path: &str, request: &Request) -> Result<Element, Fault> {
        match request.operation.namespace.as_str() {
            DEVICE => device::answer(self, request),
            MEDIA => media::answer(self, request),
            MEDIA2 => media2::answer(self, request),
            PTZ if self.is_dome() => ptz::answer(self, request).await,
            EVENTS | NOTIFICATION => events::answer(self, path, request).await,
            RECORDING | SEARCH | REPLAY if self.device.has_recorder() => recording::answer(self, request),
            _ => Err(Fault::unknown(&request.operation)),
        }
    }
}

/// The status document of a dome's metadata stream; `None` for a camera that does not move.
pub(super) fn status(device: &Device) -> Option<String> {
    let status = xml::node("tt:PTZ", [ptz::told("tt:PTZStatus", device)?]);
    let mut text = String::new();
    status.write(&mut text);
    Some(text)
}

/// Opens the camera's ONVIF port on the loopback interface and answers until the task is aborted or dropped with its
/// runtime. The device service is at `/onvif/device_service`.
///
/// # Errors
/// No port could be opened on the loopback interface.
pub async fn serve(device: Arc<Device>) -> io::Result<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let camera = Arc::new(Camera {
        base: format!("http://{address}"),
        gate: Mutex::default(),
        pull_points: events::PullPoints::default(),
        searches: search::Searches::default(),
        device,
    });
    Ok((address, tokio::spawn(http::run(listener, camera))))
}
