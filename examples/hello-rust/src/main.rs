//! A custom handler in Rust with the standard library alone: a small HTTP server that
//! the functions host starts and calls. host.json says where the program is, each
//! function.json what starts a function.

use std::collections::HashMap;
use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// The longest line and body that are read.
const MAX_LINE: u64 = 16 << 10;
const MAX_BODY: usize = 1 << 20;

fn main() -> io::Result<()> {
    let port = env::var("FUNCTIONS_CUSTOMHANDLER_PORT").unwrap_or_else(|_| "3000".into());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    for connection in listener.incoming() {
        let connection = connection?;
        thread::spawn(move || {
            if let Err(e) = serve(connection) {
                eprintln!("a connection broke off: {e}");
            }
        });
    }
    Ok(())
}

/// What the host asks for.
struct Request {
    path: String,
    query: HashMap<String, String>,
}

struct Response {
    status: &'static str,
    kind: &'static str,
    body: String,
}

/// Each function by its path: an HTTP function by its route, since host.json forwards
/// requests as they come, and any other by its name.
fn answer(request: &Request) -> Response {
    match request.path.as_str() {
        "/api/hello" => hello(request),
        "/tick" => tick(),
        "/" => text("200 OK", "ready\n"), // the host asks whether the program is there
        other => text("404 Not Found", &format!("there is no function at {other}\n")),
    }
}

fn hello(request: &Request) -> Response {
    let name = match request.query.get("name") {
        Some(name) if !name.is_empty() => name,
        _ => "world",
    };
    println!("said hello"); // a line of the app's log
    text("200 OK", &format!("Hello, {name}!\n"))
}

/// A timer has nothing to give back but its log.
fn tick() -> Response {
    Response {
        status: "200 OK",
        kind: "application/json",
        body: r#"{"Outputs": {}, "Logs": ["five minutes have passed"]}"#.into(),
    }
}

fn text(status: &'static str, body: &str) -> Response {
    Response { status, kind: "text/plain; charset=utf-8", body: body.into() }
}

/// Reads one request and answers it.
fn serve(connection: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    let request = match read(&mut reader)? {
        Some(request) => request,
        None => return Ok(()), // somebody looked whether the port is open
    };
    let response = answer(&request);
    let mut out = connection;
    write!(
        out,
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        response.status,
        response.kind,
        response.body.len(),
        response.body
    )?;
    out.flush()
}

fn read(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let first = line(reader)?;
    let target = match first.split(' ').nth(1) {
        Some(target) => target.to_string(),
        None => return Ok(None),
    };
    let mut length = 0;
    loop {
        let header = line(reader)?;
        if header.is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':') {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
    }
    // The body is not needed here, and yet read: a connection that is closed before
    // breaks off at the other end.
    io::copy(&mut reader.take(length.min(MAX_BODY) as u64), &mut io::sink())?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Ok(Some(Request { path: decoded(path), query: pairs(query) }))
}

/// A line without its end.
fn line(reader: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut text = String::new();
    reader.by_ref().take(MAX_LINE).read_line(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_string())
}

fn pairs(query: &str) -> HashMap<String, String> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(&value.replace('+', " "))))
        .collect()
}

/// Text whose bytes may be written as %41.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|h| std::str::from_utf8(h).ok());
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(target: &str) -> Response {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        answer(&Request { path: decoded(path), query: pairs(query) })
    }

    #[test]
    fn greets() {
        assert_eq!(ask("/api/hello").body, "Hello, world!\n");
        assert_eq!(ask("/api/hello?x=1&name=Ada+L").body, "Hello, Ada L!\n");
        assert_eq!(ask("/api/hello?name=%ED%95%9C").body, "Hello, 한!\n");
        assert_eq!(ask("/api/hello?name=").body, "Hello, world!\n");
        assert_eq!(ask("/nowhere").status, "404 Not Found");
        assert!(ask("/tick").body.contains("five minutes have passed"));
    }

    #[test]
    fn decodes() {
        assert_eq!(decoded("a%20b%"), "a b%");
        assert_eq!(decoded("%4"), "%4");
        assert_eq!(decoded("%zz"), "%zz");
    }
}
