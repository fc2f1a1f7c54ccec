//! An HTTP server on loopback that answers every request after a set delay.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

/// Starts it; gives its port. It ends with the program.
pub fn start(delay: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut stream = stream;
                let mut buffer = [0; 4096];
                let _ = stream.set_nodelay(true);
                while stream.read(&mut buffer).is_ok_and(|count| count > 0) {
                    std::thread::sleep(delay);
                    if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}
