//! A PostgreSQL 15 of one test, and a pgbouncer before it: Debian's programs in a temporary folder, on free ports of 127.0.0.1.
//!
//! Invariant: nothing runs as root and nothing outlives the value. Deliberately absent: any setting that makes a commit
//! less than durable.

#![allow(dead_code, reason = "each test file uses its part")]
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
const OWNER: &str = "vedetta_owner";
/// The servers' role.
pub const SERVER: &str = "vedetta_server";

/// A running PostgreSQL.
pub struct Cluster {
    dir: tempfile::TempDir,
    pub port: u16,
}

/// A command that does not run as root.
fn as_nobody_special(program: &Path) -> Command {
    let root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    if root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

fn run(program: &str, arguments: &[&str]) -> Output {
    let path = Path::new(PROGRAMS).join(program);
    assert!(
        path.exists(),
        "{} is missing: run packaging/debian-packages.sh test",
        path.display()
    );
    let output = as_nobody_special(&path)
        .args(arguments)
        .current_dir("/")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
        let line = Command::new("id").args(["-u", "postgres"]).output().unwrap();
        let uid = String::from_utf8(line.stdout).unwrap().trim().parse().unwrap();
        std::os::unix::fs::chown(dir.path(), Some(uid), None).unwrap();
    }
    dir
}

impl Cluster {
    /// A new, empty one with the owner's database and the servers' role.
    pub fn start() -> Self {
        let cluster = Self {
            dir: folder(),
            port: free_port(),
        };
        let data = cluster.data();
        run(
            "initdb",
            &[
                "-D",
                &data,
                "-U",
                OWNER,
                "-A",
                "trust",
                "--no-instructions",
                "-E",
                "UTF8",
            ],
        );
        cluster.up();
        cluster.sql("postgres", OWNER, &format!("CREATE ROLE {SERVER} LOGIN"));
        cluster.sql("postgres", OWNER, "CREATE DATABASE vedetta");
        cluster
    }

    fn data(&self) -> String {
        self.dir.path().join("data").to_str().unwrap().to_owned()
    }

    /// Starts it again.
    pub fn up(&self) {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c shared_buffers=32MB",
            self.port
        );
        let log = self.dir.path().join("log");
        let data = self.data();
        let arguments = [
            "-D",
            &data,
            "-w",
            "-t",
            "60",
            "-l",
            log.to_str().unwrap(),
            "-o",
            &options,
            "start",
        ];
        let path = Path::new(PROGRAMS).join("pg_ctl");
        assert!(
            path.exists(),
            "{} is missing: run packaging/debian-packages.sh test",
            path.display()
        );
        // Its output must not be a pipe: the server inherits it and would keep it open.
        let start = || {
            let mut command = as_nobody_special(&path);
            command
                .args(arguments)
                .current_dir("/")
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            command.status().unwrap().success()
        };
        // After a kill, children of the one before may hold its shared memory for a moment.
        assert!(
            (0..20).any(|_| start()),
            "{}",
            std::fs::read_to_string(&log).unwrap_or_default()
        );
    }

    /// The server dies without putting anything in order.
    pub fn kill(&self) {
        let pid = std::fs::read_to_string(PathBuf::from(self.data()).join("postmaster.pid")).unwrap();
        let pid = pid.lines().next().unwrap().to_owned();
        assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
        // Its children see that it is gone and go; the last of them lets go of the port.
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            std::thread::yield_now();
        }
    }

    /// A copy of the whole database as it is now, to be put back later.
    pub fn backup(&self) -> PathBuf {
        let to = self.dir.path().join(format!("backup-{}", uuid::Uuid::new_v4()));
        let port = self.port.to_string();
        let to_text = to.to_str().unwrap();
        run(
            "pg_basebackup",
            &["-h", "127.0.0.1", "-p", &port, "-U", OWNER, "-D", to_text, "-c", "fast"],
        );
        to
    }

    /// Stops, puts a backup in the place of the database, and starts again.
    pub fn restore(&self, backup: &Path) {
        run("pg_ctl", &["-D", &self.data(), "-w", "-m", "immediate", "stop"]);
        std::fs::rename(
            self.data(),
            self.dir.path().join(format!("old-{}", uuid::Uuid::new_v4())),
        )
        .unwrap();
        std::fs::rename(backup, self.data()).unwrap();
        self.up();
    }

    /// A standby that this one waits for with each commit.
    pub fn standby(&self) -> Cluster {
        let standby = Cluster {
            dir: folder(),
            port: free_port(),
        };
        let (port, data) = (self.port.to_string(), standby.data());
        run(
            "pg_basebackup",
            &[
                "-h",
                "127.0.0.1",
                "-p",
                &port,
                "-U",
                OWNER,
                "-D",
                &data,
                "-c",
                "fast",
                "-R",
                "-C",
                "-S",
                "standby",
            ],
        );
        standby.up();
        self.sql("postgres", OWNER, "ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.sql("postgres", OWNER, "SELECT pg_reload_conf()");
        let synchronous = || {
            let out = self.sql(
                "postgres",
                OWNER,
                "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'",
            );
            out.trim() == "1"
        };
        while !synchronous() {
            std::thread::yield_now();
        }
        standby
    }

    /// The standby becomes the primary, which waits for nobody.
    pub fn promote(&self) {
        run("pg_ctl", &["-D", &self.data(), "-w", "promote"]);
        self.sql("postgres", OWNER, "ALTER SYSTEM SET synchronous_standby_names = ''");
        self.sql("postgres", OWNER, "SELECT pg_reload_conf()");
    }

    /// The standby becomes the primary and answers where the one before did, as behind an address that moves.
    pub fn takes_the_place_of(&mut self, before: &Cluster) {
        self.promote();
        run("pg_ctl", &["-D", &self.data(), "-w", "-m", "fast", "stop"]);
        self.port = before.port;
        self.up();
    }

    /// From now on both roles need this password (SCRAM); who is connected stays.
    pub fn only_passwords(&self, password: &str) {
        for role in [OWNER, SERVER] {
            self.sql("postgres", OWNER, &format!("ALTER ROLE {role} PASSWORD '{password}'"));
        }
        let kept = "SELECT bool_and(rolpassword LIKE 'SCRAM-SHA-256$%') FROM pg_authid WHERE rolcanlogin";
        assert_eq!(self.sql("postgres", OWNER, kept).trim(), "t");
        let rules = "host all all 127.0.0.1/32 scram-sha-256\n";
        std::fs::write(PathBuf::from(self.data()).join("pg_hba.conf"), rules).unwrap();
        run("pg_ctl", &["-D", &self.data(), "reload"]);
        let asks = || !self.psql("postgres", OWNER, "SELECT 1").status.success();
        while !asks() {
            std::thread::yield_now();
        }
    }

    /// From now on it talks over TLS only. Gives the certificate to trust.
    pub fn only_tls(&self) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let here = rcgen::SanType::IpAddress(std::net::Ipv4Addr::LOCALHOST.into());
        params.subject_alt_names.push(here);
        let certificate = params.self_signed(&key).unwrap().pem();
        let data = PathBuf::from(self.data());
        let uid = std::fs::metadata(&data).unwrap().uid();
        for (name, text) in [
            ("server.crt", certificate.as_str()),
            ("server.key", key.serialize_pem().as_str()),
        ] {
            let path = data.join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            std::os::unix::fs::chown(&path, Some(uid), None).unwrap();
        }
        let rules = "hostssl all all 127.0.0.1/32 trust\n";
        std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
        self.sql("postgres", OWNER, "ALTER SYSTEM SET ssl = on");
        self.sql("postgres", OWNER, "SELECT pg_reload_conf()");
        let root = self.dir.path().join("root.pem");
        std::fs::write(&root, certificate).unwrap();
        root
    }

    /// Address for the owner, who makes the tables.
    pub fn owner_url(&self) -> String {
        format!("postgres://{OWNER}@127.0.0.1:{}/vedetta?sslmode=disable", self.port)
    }

    /// Address for the servers.
    pub fn server_url(&self) -> String {
        format!("postgres://{SERVER}@127.0.0.1:{}/vedetta?sslmode=disable", self.port)
    }

    fn psql(&self, database: &str, role: &str, statement: &str) -> Output {
        let port = self.port.to_string();
        let arguments = [
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-U",
            role,
            "-d",
            database,
            "-v",
            "ON_ERROR_STOP=1",
            "-Atc",
        ];
        let program = Path::new(PROGRAMS).join("psql");
        // Nobody is there to type a password.
        Command::new(program)
            .arg("-w")
            .args(arguments)
            .arg(statement)
            .output()
            .unwrap()
    }

    /// Runs a statement and returns what it printed.
    pub fn sql(&self, database: &str, role: &str, statement: &str) -> String {
        let output = self.psql(database, role, statement);
        assert!(output.status.success(), "{statement}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Whether the servers' role may run a statement.
    pub fn may(&self, statement: &str) -> bool {
        self.psql("vedetta", SERVER, statement).status.success()
    }

    /// Whether even the owner of the tables may run a statement.
    pub fn owner_may(&self, statement: &str) -> bool {
        self.psql("vedetta", OWNER, statement).status.success()
    }
}

/// A pgbouncer before a [`Cluster`]; it ends with this value.
pub struct Pooler {
    child: std::process::Child,
    dir: tempfile::TempDir,
    port: u16,
}

impl Cluster {
    /// A pgbouncer in this mode that leaves out these parameters of a client's start instead of refusing them.
    pub fn pooled(&self, mode: &str, ignored: &str) -> Pooler {
        let program = Path::new("/usr/sbin/pgbouncer");
        assert!(
            program.exists(),
            "pgbouncer is missing: run packaging/debian-packages.sh test"
        );
        let (dir, port, behind) = (folder(), free_port(), self.port);
        let users = dir.path().join("users");
        std::fs::write(&users, format!("\"{OWNER}\" \"\"\n\"{SERVER}\" \"\"\n")).unwrap();
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={behind}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = {mode}\nignore_startup_parameters = {ignored}\n",
            users.display()
        );
        let file = dir.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        let mut command = as_nobody_special(program);
        let log = std::fs::File::create(dir.path().join("log")).unwrap();
        let child = command
            .arg(&file)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut pooler = Pooler { child, dir, port };
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = pooler.child.try_wait().unwrap();
            let said = std::fs::read_to_string(pooler.dir.path().join("log")).unwrap_or_default();
            assert!(ended.is_none(), "pgbouncer ended: {said}");
            std::thread::yield_now();
        }
        pooler
    }
}

impl Pooler {
    /// Address of the database for a role, through the pooler.
    pub fn url(&self, role: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/vedetta?sslmode=disable", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // `runuser` passes SIGTERM on.
        drop(Command::new("kill").arg(self.child.id().to_string()).status());
        drop(self.child.wait());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let program = Path::new(PROGRAMS).join("pg_ctl");
        let data = self.data();
        let stop = as_nobody_special(&program)
            .args(["-D", &data, "-m", "immediate", "-w", "stop"])
            .current_dir("/")
            .output();
        drop(stop);
    }
}
