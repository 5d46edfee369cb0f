//! An RTSP server inside the test: test picture, x264, digest authentication, a free port.
//!
//! Invariant: it listens on the loopback address only and ends with its value. Deliberately absent: ONVIF replay
//! (see `recorder`).

use gstreamer as gst;
use gstreamer::glib;
use gstreamer_rtsp_server as rtsp;
use gstreamer_rtsp_server::prelude::*;
use std::io::{BufRead, BufReader, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

pub const USER: &str = "viewer";
/// With what an address would read as something else.
pub const PASSWORD: &str = "right @:/%41 hòrse";

/// A server with its own main loop.
pub struct Server {
    pub port: u16,
    context: glib::MainContext,
    server: rtsp::RTSPServer,
    running: glib::MainLoop,
    /// The pipeline of the last client.
    media: Arc<Mutex<Option<gst::Element>>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// The usual stream: colour bars at 25 frames a second with a key frame every second.
pub fn bars(width: u32, height: u32) -> String {
    format!(
        "( videotestsrc is-live=true pattern=smpte ! video/x-raw,format=I420,width={width},height={height},framerate=25/1 \
         ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 bitrate=2000 ! h264parse config-interval=-1 \
         ! rtph264pay name=pay0 pt=96 )"
    )
}

/// A server that refuses every account, and how often one was tried.
pub fn refusing() -> (String, Arc<AtomicUsize>) {
    let tried = Arc::new(AtomicUsize::new(0));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rtsp://{}/main", listener.local_addr().unwrap());
    let count = tried.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let count = count.clone();
            std::thread::spawn(move || {
                let mut cseq = String::new();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                for line in lines.map_while(Result::ok) {
                    if let Some(number) = line.strip_prefix("CSeq:") {
                        number.trim().clone_into(&mut cseq);
                    } else if line.starts_with("Authorization:") {
                        count.fetch_add(1, Ordering::SeqCst);
                    } else if line.is_empty() {
                        let challenge = "WWW-Authenticate: Digest realm=\"camera\", nonce=\"0011223344\"";
                        let answer = format!("RTSP/1.0 401 Unauthorized\r\nCSeq: {cseq}\r\n{challenge}\r\n\r\n");
                        if stream.write_all(answer.as_bytes()).is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    (url, tried)
}

/// A server that gives every request the answer made from its CSeq; returns an address on it.
pub fn answering(answer: impl Fn(&str) -> Vec<u8> + Clone + Send + 'static) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rtsp://{}/main", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || {
                let mut cseq = String::new();
                for line in BufReader::new(stream.try_clone().unwrap())
                    .lines()
                    .map_while(Result::ok)
                {
                    if let Some(number) = line.strip_prefix("CSeq:") {
                        number.trim().clone_into(&mut cseq);
                    } else if line.is_empty() && stream.write_all(&answer(&cseq)).is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

impl Server {
    /// Serves `launch` at `/main`.
    pub fn start(launch: &str) -> Self {
        gst::init().unwrap();
        let context = glib::MainContext::new();
        let running = glib::MainLoop::new(Some(&context), false);
        let server = rtsp::RTSPServer::new();
        server.set_address("127.0.0.1");
        server.set_service("0");
        let factory = rtsp::RTSPMediaFactory::new();
        factory.set_launch(launch);
        factory.set_shared(false);
        let role = gst::Structure::builder("viewer")
            .field("media.factory.access", true)
            .field("media.factory.construct", true)
            .build();
        factory.add_role_from_structure(&role);
        let media = Arc::new(Mutex::new(None));
        let made = Arc::clone(&media);
        factory.connect_media_configure(move |_, media| *made.lock().unwrap() = Some(media.element()));
        server.mount_points().unwrap().add_factory("/main", factory);

        let auth = rtsp::RTSPAuth::new();
        auth.set_supported_methods(gstreamer_rtsp::RTSPAuthMethod::Digest);
        let token = rtsp::RTSPToken::builder().field("media.factory.role", "viewer").build();
        auth.add_digest(USER, PASSWORD, &token);
        server.set_auth(Some(&auth));

        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn({
            let (context, server, running) = (context.clone(), server.clone(), running.clone());
            move || {
                context
                    .with_thread_default(|| {
                        server.attach(Some(&context)).unwrap();
                        tell.send(server.bound_port()).unwrap();
                        running.run();
                    })
                    .unwrap();
            }
        });
        let port = u16::try_from(told.recv().unwrap()).unwrap();
        Self {
            port,
            context,
            server,
            running,
            media,
            thread: Some(thread),
        }
    }

    pub fn url(&self) -> String {
        format!("rtsp://127.0.0.1:{}/main", self.port)
    }

    /// Throws out every client, as a camera that reboots does.
    pub fn drop_clients(&self) {
        let server = self.server.clone();
        self.context.invoke(move || {
            server.client_filter(Some(&mut |_: &rtsp::RTSPServer, _: &rtsp::RTSPClient| {
                rtsp::RTSPFilterResult::Remove
            }));
        });
    }

    /// Sends nothing more, and keeps every connection.
    pub fn freeze(&self) {
        let media = self
            .media
            .lock()
            .unwrap()
            .clone()
            .unwrap()
            .downcast::<gst::Bin>()
            .unwrap();
        media.by_name("valve").unwrap().set_property("drop", true);
    }

    /// How many clients are connected.
    pub fn clients(&self) -> usize {
        self.server
            .client_filter(Some(&mut |_: &rtsp::RTSPServer, _: &rtsp::RTSPClient| {
                rtsp::RTSPFilterResult::Ref
            }))
            .len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let running = self.running.clone();
        self.context.invoke(move || running.quit());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
