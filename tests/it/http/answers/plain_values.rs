//! Answers that are sent without a `Response`.

use super::check;

#[test]
fn what_is_sent_is_the_body_of_a_200() {
    check(
        "GET",
        &[
            (
                "connection.send(\"hello\")",
                "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nContent-Length: 5\n\nhello",
            ),
            (
                "connection.send(\"grüß\")",
                "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nContent-Length: 6\n\ngrüß",
            ),
            (
                "connection.send(\"\")",
                "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nContent-Length: 0\n\n",
            ),
            (
                "connection.send(\"bytes\".to_blob())",
                "HTTP/1.1 200 OK\nContent-Type: application/octet-stream\nContent-Length: 5\n\nbytes",
            ),
            (
                "connection.send(blob())",
                "HTTP/1.1 200 OK\nContent-Type: application/octet-stream\nContent-Length: 0\n\n",
            ),
            (
                "connection.send(42)",
                "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nContent-Length: 2\n\n42",
            ),
            (
                "connection.send(1.5)",
                "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nContent-Length: 3\n\n1.5",
            ),
            (
                "connection.send(true)",
                "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nContent-Length: 4\n\ntrue",
            ),
            (
                "connection.send(#{ b: 1, a: [1, \"x\", ()] })",
                "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 24\n\n{\"b\":1,\"a\":[1,\"x\",null]}",
            ),
            (
                "connection.send([])",
                "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 2\n\n[]",
            ),
            (
                "connection.table = #{ a: 1 }; connection.send(connection.table)",
                "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 7\n\n{\"a\":1}",
            ),
        ],
    );
}

#[test]
fn head_gets_the_head_alone() {
    check(
        "HEAD",
        &[
            (
                "connection.send(\"hello\")",
                "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nContent-Length: 5\n\n",
            ),
            (
                "connection.send(Response(200, #{ \"Content-Length\": 1234 }))",
                "HTTP/1.1 200 OK\nContent-Length: 1234\n\n",
            ),
            (
                "connection.send(Response(404, #{}, \"gone\"))",
                "HTTP/1.1 404 Not Found\nContent-Type: text/html; charset=utf-8\nContent-Length: 4\n\n",
            ),
        ],
    );
}
