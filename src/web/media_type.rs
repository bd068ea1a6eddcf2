//! Media types: of files by their names, and what follows from them.

/// What `mime_guess` does not know, or knows otherwise than IANA's registry.
const CORRECTIONS: [(&str, &str); 20] = [
    ("cjs", "text/javascript"),
    ("mjs", "text/javascript"),
    // TypeScript has no type of its own, and no browser runs it.
    ("cts", "text/plain"),
    ("tsx", "text/plain"),
    // The segments of a film; whoever serves TypeScript under this ending says so by `types`.
    ("ts", "video/mp2t"),
    ("mts", "video/mp2t"),
    ("m2ts", "video/mp2t"),
    ("m4s", "video/iso.segment"),
    ("m4a", "audio/mp4"),
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("ndjson", "application/x-ndjson"),
    ("jsonl", "application/jsonl"),
    ("topojson", "application/json"),
    ("har", "application/json"),
    ("map", "application/json"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("toml", "application/toml"),
    ("wgsl", "text/wgsl"),
    ("zst", "application/zstd"),
];

/// The Content-Type of a file. Text says that it is UTF-8, because a browser would guess otherwise.
pub(crate) fn of_name(name: &str) -> String {
    let stem_and_ending = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty());
    let own = stem_and_ending.and_then(|(_, ending)| {
        let is_it = |(known, _): &&(&str, &str)| ending.eq_ignore_ascii_case(known);
        CORRECTIONS.iter().find(is_it).map(|(_, media_type)| *media_type)
    });
    let guess = || mime_guess::from_path(name).first_raw().unwrap_or("application/octet-stream");
    let guess = own.unwrap_or_else(guess);
    match guess.starts_with("text/") {
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
                | "application/jsonl"
                | "application/x-ndjson"
                | "application/toml"
                | "application/yaml"
                | "application/vnd.apple.mpegurl"
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
        assert_eq!(of_name("a.mjs"), "text/javascript; charset=utf-8");
        assert_eq!(of_name("a.min.css"), "text/css; charset=utf-8");
        assert_eq!(of_name("a.json"), "application/json");
        assert_eq!(of_name("segment.ts"), "video/mp2t");
        assert_eq!(of_name("a.MTS"), "video/mp2t");
        assert_eq!(of_name("a.m4s"), "video/iso.segment");
        assert_eq!(of_name("a.tsx"), "text/plain; charset=utf-8");
        assert_eq!(of_name("a.cjs"), "text/javascript; charset=utf-8");
        assert_eq!(of_name("a.ndjson"), "application/x-ndjson");
        assert_eq!(of_name("a.jsonl"), "application/jsonl");
        assert_eq!(of_name("a.js.map"), "application/json");
        assert_eq!(of_name("live.m3u8"), "application/vnd.apple.mpegurl");
        assert_eq!(of_name("a.yml"), "application/yaml");
        assert_eq!(of_name("a.png"), "image/png");
        assert_eq!(of_name("a.svg"), "image/svg+xml");
        for unknown in ["a", "", ".html", ".ts", "a.", "a.html.unheard", "a.\u{202e}"] {
            assert_eq!(of_name(unknown), "application/octet-stream", "{unknown}");
        }
    }

    #[test]
    fn text_is_compressible_and_pictures_are_not() {
        for name in [
            "a.html",
            "a.js",
            "a.json",
            "a.svg",
            "a.wasm",
            "a.webmanifest",
            "a.ico",
            "a.ttf",
            "a.ndjson",
            "a.yaml",
        ] {
            assert!(is_compressible(&of_name(name)), "{name}");
        }
        for name in ["a.png", "a.jpg", "a.mp4", "a.zip", "a.gz", "a.woff2", "a.pdf", "a.unheard"] {
            assert!(!is_compressible(&of_name(name)), "{name}");
        }
    }
}
