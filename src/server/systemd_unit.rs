//! The systemd unit of the server: who it runs as, where it writes, and what it is not given.
//!
//! Invariant: nothing but the data folder is writable, and a path is written as systemd reads it. Deliberately absent: writing the
//! file (`first_run`), starting it.

use std::net::SocketAddr;
use std::path::Path;

/// What the server does not need and is therefore not given; no dump of its memory, which has passwords in it; many files.
/// `systemd-analyze security` 252 says 1.4. What raises limits stays allowed: the server asks for its own.
const HARDENED: &str = "UMask=0077\nNoNewPrivileges=yes\nProtectSystem=strict\nProtectHome=read-only\nPrivateTmp=yes\n\
    PrivateDevices=yes\nPrivateUsers=yes\nPrivateIPC=yes\nProtectClock=yes\nProtectControlGroups=yes\n\
    ProtectHostname=yes\nProtectKernelLogs=yes\nProtectKernelModules=yes\nProtectKernelTunables=yes\n\
    ProtectProc=invisible\nProcSubset=pid\nCapabilityBoundingSet=\n\
    RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\nRestrictNamespaces=yes\nRestrictRealtime=yes\n\
    RestrictSUIDSGID=yes\nRemoveIPC=yes\nLockPersonality=yes\nMemoryDenyWriteExecute=yes\n\
    SystemCallArchitectures=native\nSystemCallFilter=@system-service\nSystemCallFilter=~@privileged\n\
    SystemCallErrorNumber=EPERM\nLimitCORE=0\nLimitNOFILE=65536\n";

/// The unit: the account that owns the data, nothing else writable, restarted when it fails.
pub fn unit_text(program: &Path, data: &Path, listen: SocketAddr) -> String {
    let (program, data) = (quoted(program), quoted(data));
    format!(
        "[Unit]\nDescription=Vedetta audit server\nAfter=network-online.target\nWants=network-online.target\n\n\
         [Service]\nExecStart={program} serve --data {data} --listen {listen}\nUser=vedetta\nRestart=on-failure\n\
         RestartSec=2\nReadWritePaths={data}\n{HARDENED}\n[Install]\nWantedBy=multi-user.target\n"
    )
}

/// A path as systemd reads it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    format!("\"{escaped}\"")
}
