//! Media types: of files by their names, and what follows from them.

/// The Content-Type of a file. Text says that it is UTF-8, because a browser would guess otherwise.
pub(crate) fn of_name(name: &str) -> String {
    let guess = mime_guess::from_path(name).first_raw().unwrap_or("application/octet-stream");
    match guess.starts_with("text/") || guess == "application/javascript" {
        true => format!("{guess}; charset=utf-8"),
        false => guess.to_owned(),
    }
}

/// Whether gzip makes files of this type smaller. Pictures, films and archives are compressed already.
pub(crate) fn is_compressible(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim_end();
    essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || matches!(
            essence,
            "application/javascript"
                | "application/json"
                | "application/xml"
                | "application/wasm"
                | "application/font-sfnt"
                | "application/vnd.ms-fontobject"
                | "font/ttf"
                | "font/otf"
                | "image/bmp"
                | "image/x-icon"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_types() {
        assert_eq!(of_name("a.html"), "text/html; charset=utf-8");
        assert_eq!(of_name("A.HTML"), "text/html; charset=utf-8");
        assert_eq!(of_name("a.js"), "text/javascript; charset=utf-8");
        assert_eq!(of_name("a.mjs"), "application/javascript; charset=utf-8");
        assert_eq!(of_name("a.min.css"), "text/css; charset=utf-8");
        assert_eq!(of_name("a.json"), "application/json");
        assert_eq!(of_name("a.png"), "image/png");
        assert_eq!(of_name("a.svg"), "image/svg+xml");
        for unknown in ["a", "", ".html", "a.", "a.html.unheard", "a.\u{202e}"] {
            assert_eq!(of_name(unknown), "application/octet-stream", "{unknown}");
        }
    }

    #[test]
    fn text_is_compressible_and_pictures_are_not() {
        for name in
            ["a.html", "a.js", "a.json", "a.svg", "a.wasm", "a.webmanifest", "a.ico", "a.ttf"]
        {
            assert!(is_compressible(&of_name(name)), "{name}");
        }
        for name in ["a.png", "a.jpg", "a.mp4", "a.zip", "a.gz", "a.woff2", "a.pdf", "a.unheard"] {
            assert!(!is_compressible(&of_name(name)), "{name}");
        }
    }
}
