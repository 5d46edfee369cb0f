//! Questions and orders to the simulator's control endpoint: plain HTTP/1.1 on this machine.
//!
//! Invariant: every call ends within [`PATIENCE`]. Deliberately absent: what is asked (`soak`, `steering`).

use crate::driver::StepError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The control endpoint answers at once.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer, bytes.
const LONGEST: u64 = 64 * 1024 * 1024;

/// The control endpoint of a running simulator.
#[derive(Debug, Clone)]
pub struct Control {
    address: SocketAddr,
}

impl Control {
    /// The endpoint at this base URL, `http://127.0.0.1:port`.
    ///
    /// # Errors
    /// It is no address.
    pub fn at(url: &str) -> Result<Self, StepError> {
        let host = url.trim_start_matches("http://");
        let address = host.parse();
        let address = address.map_err(|_| StepError::Wrong(format!("«{url}» is no address of a simulator")))?;
        Ok(Self { address })
    }

    /// What the endpoint answers to a question.
    ///
    /// # Errors
    /// It does not answer, refuses, or answers something else.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, StepError> {
        read(path, &self.call("GET", path, "")?)
    }

    /// What the endpoint answers to an order.
    ///
    /// # Errors
    /// It does not answer, refuses, or answers something else.
    pub fn post<T: DeserializeOwned>(&self, path: &str, order: &impl Serialize) -> Result<T, StepError> {
        let text = serde_json::to_string(order).map_err(|error| StepError::Wrong(error.to_string()))?;
        read(path, &self.call("POST", path, &text)?)
    }

    /// Sends an order that is JSON already, and leaves the answer.
    ///
    /// # Errors
    /// It does not answer or refuses.
    pub fn order(&self, path: &str, json: &str) -> Result<(), StepError> {
        self.call("POST", path, json).map(|_| ())
    }

    fn call(&self, method: &str, path: &str, body: &str) -> Result<String, StepError> {
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.take(LONGEST).read_to_string(&mut answer)?;
        let (head, rest) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let line = head.lines().next().unwrap_or_default();
        if line.contains(" 200 ") {
            Ok(rest.to_owned())
        } else {
            Err(StepError::Wrong(format!(
                "{path}: the simulator answered «{line}» {rest}"
            )))
        }
    }
}

fn read<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, StepError> {
    serde_json::from_str(text).map_err(|error| StepError::Wrong(format!("{path}: {error}")))
}
