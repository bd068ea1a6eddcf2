//! What a client takes compressed, as its Accept-Encoding header says (RFC 9110 §12.5.3).

/// The codings that files can be answered in, besides as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AcceptEncoding {
    pub(crate) brotli: bool,
    pub(crate) gzip: bool,
}

impl AcceptEncoding {
    /// `q=0` is a refusal, `*` stands for what is not named. Other weights do not count: of what a client takes it gets
    /// the smallest. A file as it is can always be answered, even to a client that says it would not take it.
    pub(crate) fn parse(header: &[u8]) -> Self {
        let text = String::from_utf8_lossy(header);
        let (mut brotli, mut gzip, mut any) = (None, None, false);
        for part in text.split(',') {
            let mut pieces = part.split(';').map(str::trim);
            let coding = pieces.next().unwrap_or_default().to_ascii_lowercase();
            let accepted = !pieces.any(is_refusal);
            match coding.as_str() {
                "br" => brotli = Some(accepted),
                "gzip" | "x-gzip" => gzip = Some(accepted),
                "*" => any = accepted,
                _ => (),
            }
        }
        Self { brotli: brotli.unwrap_or(any), gzip: gzip.unwrap_or(any) }
    }
}

/// `q=0`, `Q = 0.000`; also a weight that is none, for its sender did not mean "gladly".
fn is_refusal(parameter: &str) -> bool {
    let weight =
        parameter.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    // `!(… > 0.0)` is true of what is not a number.
    weight.is_some_and(|(_, weight)| !weight.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::chance::Chance;

    #[track_caller]
    fn check(header: &str, brotli: bool, gzip: bool) {
        assert_eq!(
            AcceptEncoding::parse(header.as_bytes()),
            AcceptEncoding { brotli, gzip },
            "{header}"
        );
    }

    #[test]
    fn named_codings_are_taken() {
        check("", false, false);
        check("identity", false, false);
        check("gzip", false, true);
        check("gzip, deflate, br, zstd", true, true);
        check("GZIP;q=0.5", false, true);
        check("x-gzip", false, true);
        check("gzipped, brx", false, false);
    }

    #[test]
    fn a_weight_of_zero_refuses() {
        check("gzip;q=0", false, false);
        check("gzip; Q = 0.000, br;q=0.001", true, false);
        check("gzip;q=x, br;q=nan", false, false);
        check("gzip;q=-1", false, false);
    }

    #[test]
    fn a_star_stands_for_the_rest() {
        check("*", true, true);
        check("*;q=0", false, false);
        check("br;q=0, *", false, true);
        check("*;q=0, gzip", false, true);
    }

    #[test]
    fn random_headers_do_no_harm() {
        let mut chance = Chance::new(5);
        (0..20_000).for_each(|_| {
            AcceptEncoding::parse(&chance.bytes_of(b"gzip br*,;q=0.\xff", 40));
        });
    }
}
