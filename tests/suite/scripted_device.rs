//! A device on 127.0.0.1 that answers each HTTP request as a closure says, byte by byte if it must.
//!
//! Invariant: it speaks HTTP by hand, so that it can speak it wrongly, and shares no code with the client.
//! Deliberately absent: any ONVIF behaviour of its own; that is the simulator's.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it was heard.
#[derive(Debug, Clone)]
pub struct Request {
    pub head: String,
    pub body: String,
}

impl Request {
    /// The value of a header, without regard to the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The text of the first element of that name in the body, prefix ignored.
    pub fn element(&self, name: &str) -> Option<String> {
        let tag = self.body.split('<').skip(1).find(|tag| {
            let end = tag.find(['>', ' ', '/']).unwrap_or(tag.len());
            tag[..end].rsplit(':').next() == Some(name)
        })?;
        Some(tag[tag.find('>')? + 1..].to_owned())
    }

    pub fn asks(&self, operation: &str) -> bool {
        self.body.contains(&format!(":{operation}>")) || self.body.contains(&format!(":{operation}/>"))
    }
}

/// What the device does with a request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// These bytes, then the connection is closed.
    Bytes(Vec<u8>),
    /// These bytes after a while.
    Late(Duration, Vec<u8>),
    /// These bytes, one at a time with a pause between them.
    Drip(Vec<u8>, Duration),
    /// Nothing, with the connection held open.
    Silence,
}

/// A complete HTTP answer with a length.
pub fn http(status: &str, headers: &[&str], body: &str) -> Answer {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let length = body.len();
    Answer::Bytes(
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/soap+xml\r\n{headers}Content-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        )
        .into_bytes(),
    )
}

/// A SOAP answer with this content in its body.
pub fn soap(content: &str) -> Answer {
    http("200 OK", &[], &envelope(content))
}

/// The text of a SOAP answer.
pub fn envelope(content: &str) -> String {
    format!("<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>{content}</s:Body></s:Envelope>")
}

/// The content of a fault.
pub fn fault(code: &str, reason: &str) -> String {
    format!(
        "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{code}</s:Value></s:Subcode></s:Code>\
         <s:Reason><s:Text>{reason}</s:Text></s:Reason></s:Fault>"
    )
}

/// A running device. It ends with the test's runtime.
pub struct Device {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<Request>>>,
}

impl Device {
    /// Starts a device; `script` also gets how many requests were heard before.
    pub async fn start(script: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (heard, script) = (Arc::new(Mutex::new(Vec::new())), Arc::new(script));
        let all = heard.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, all) = (script.clone(), all.clone());
                tokio::spawn(async move {
                    let _ = converse(stream, &*script, &all).await;
                });
            }
        });
        Self { address, heard }
    }

    /// The address of its device service.
    pub fn url(&self) -> String {
        format!("http://{}/onvif/device_service", self.address)
    }

    /// Every request heard so far.
    pub fn heard(&self) -> Vec<Request> {
        self.heard.lock().unwrap().clone()
    }

    /// How often an operation was asked for.
    pub fn count(&self, operation: &str) -> usize {
        self.heard().iter().filter(|request| request.asks(operation)).count()
    }
}

async fn converse(
    mut stream: TcpStream,
    script: &(impl Fn(&Request, usize) -> Answer + ?Sized),
    heard: &Mutex<Vec<Request>>,
) -> std::io::Result<()> {
    let request = read(&mut stream).await?;
    let before = {
        let mut heard = heard.lock().unwrap();
        heard.push(request.clone());
        heard.len() - 1
    };
    match script(&request, before) {
        Answer::Bytes(bytes) => stream.write_all(&bytes).await?,
        Answer::Late(after, bytes) => {
            tokio::time::sleep(after).await;
            stream.write_all(&bytes).await?;
        }
        Answer::Drip(bytes, pause) => {
            for byte in bytes {
                stream.write_all(&[byte]).await?;
                tokio::time::sleep(pause).await;
            }
        }
        Answer::Silence => {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await?;
        }
    }
    stream.shutdown().await
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Request> {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let mut request = Request {
                head,
                body: String::new(),
            };
            let length = request
                .header("Content-Length")
                .and_then(|length| length.parse().ok())
                .unwrap_or(0);
            let mut body = bytes.split_off(end + 4);
            while body.len() < length {
                if stream.read_buf(&mut body).await? == 0 {
                    break;
                }
            }
            request.body = String::from_utf8_lossy(&body).into_owned();
            return Ok(request);
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}
