//! Whole numbers and fractions as bytes, in both orders.

/// Bytes of the largest whole number.
const MAX_BYTES: usize = size_of::<i64>();

/// Bits of a number in each byte of a varint, and the bit that says that more bytes follow.
const VARINT_BITS: u32 = 7;
const VARINT_MORE: u8 = 1 << VARINT_BITS;

/// Bytes of the longest varint that a script can hold, which has 63 bits.
pub(super) const MAX_VARINT: usize = 9;

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The highest one, as in protocols of networks.
    Big,
    /// The lowest one, as in the memory of most machines.
    Little,
}

/// A kind of whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Int {
    /// At most eight.
    pub(super) bytes: usize,
    pub(super) is_signed: bool,
}

impl Int {
    /// The least and the greatest number of this kind. Scripts have no numbers of 64 bits without a sign: of those the
    /// lower half can be written and read.
    fn limits(self) -> (i64, i64) {
        let bits = 8 * self.bytes as u32;
        match (self.is_signed, bits) {
            (true, 64) => (i64::MIN, i64::MAX),
            (true, _) => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
            (false, 64) => (0, i64::MAX),
            (false, _) => (0, (1 << bits) - 1),
        }
    }

    /// Appends a number. `what` names the kind in the error of one that does not fit.
    pub(super) fn write(
        self,
        number: i64,
        order: Order,
        what: &str,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        let (least, most) = self.limits();
        if !(least..=most).contains(&number) {
            return Err(format!("{what} takes {least} to {most}, not {number}"));
        }
        match order {
            Order::Big => out.extend_from_slice(&number.to_be_bytes()[MAX_BYTES - self.bytes..]),
            Order::Little => out.extend_from_slice(&number.to_le_bytes()[..self.bytes]),
        }
        Ok(())
    }

    /// The number of these bytes, of which there are as many as the kind has. `what` names it in the error of one that is
    /// too great for a script.
    pub(super) fn read(self, bytes: &[u8], order: Order, what: &str) -> Result<i64, String> {
        let mut whole = [0; MAX_BYTES];
        let number = match order {
            Order::Big => {
                whole[MAX_BYTES - self.bytes..].copy_from_slice(bytes);
                u64::from_be_bytes(whole)
            }
            Order::Little => {
                whole[..self.bytes].copy_from_slice(bytes);
                u64::from_le_bytes(whole)
            }
        };
        if self.is_signed {
            // The sign is that of the highest bit there is.
            let unused = 64 - 8 * self.bytes as u32;
            return Ok(((number << unused) as i64) >> unused);
        }
        i64::try_from(number).map_err(|_| {
            format!(
                "{what} is {number}, more than the {} that a number of a script can be: read it with a sign, or as two halves",
                i64::MAX
            )
        })
    }
}

/// Appends a fraction of four or eight bytes.
pub(super) fn write_float(number: f64, bytes: usize, order: Order, out: &mut Vec<u8>) {
    match (bytes, order) {
        (4, Order::Big) => out.extend_from_slice(&(number as f32).to_be_bytes()),
        (4, Order::Little) => out.extend_from_slice(&(number as f32).to_le_bytes()),
        (_, Order::Big) => out.extend_from_slice(&number.to_be_bytes()),
        (_, Order::Little) => out.extend_from_slice(&number.to_le_bytes()),
    }
}

/// The fraction of these four or eight bytes.
pub(super) fn read_float(bytes: &[u8], order: Order) -> f64 {
    let four = bytes.try_into().map(|bytes| match order {
        Order::Big => f32::from_be_bytes(bytes),
        Order::Little => f32::from_le_bytes(bytes),
    });
    let eight = bytes.try_into().map(|bytes| match order {
        Order::Big => f64::from_be_bytes(bytes),
        Order::Little => f64::from_le_bytes(bytes),
    });
    four.map(f64::from).or(eight).unwrap_or_default()
}

/// Appends a number in as many bytes as it needs, seven bits in each, the lowest first.
pub(super) fn write_varint(number: i64, out: &mut Vec<u8>) -> Result<(), String> {
    let mut left = u64::try_from(number)
        .map_err(|_| format!("a varint takes 0 to {}, not {number}", i64::MAX))?;
    while left >= u64::from(VARINT_MORE) {
        out.push(left as u8 | VARINT_MORE);
        left >>= VARINT_BITS;
    }
    out.push(left as u8);
    Ok(())
}

/// The number at the beginning of these bytes, and how many of them it has. `None`: it goes on behind them.
pub(super) fn read_varint(bytes: &[u8]) -> Result<Option<(i64, usize)>, String> {
    let mut number = 0_i64;
    for (at, byte) in bytes.iter().take(MAX_VARINT).enumerate() {
        number |= i64::from(byte & !VARINT_MORE) << (VARINT_BITS * at as u32);
        if byte & VARINT_MORE == 0 {
            return Ok(Some((number, at + 1)));
        }
    }
    match bytes.len() < MAX_VARINT {
        true => Ok(None),
        false => Err(format!("a varint has at most {MAX_VARINT} bytes, and this one goes on")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_go_both_ways_in_both_orders() {
        for bytes in 1..=8 {
            for is_signed in [false, true] {
                let int = Int { bytes, is_signed };
                let (least, most) = int.limits();
                for number in [least, most, 0, 1, most / 2, most / 3, least / 2] {
                    for order in [Order::Big, Order::Little] {
                        let mut out = Vec::new();
                        int.write(number, order, "it", &mut out).expect("fits");
                        assert_eq!(out.len(), bytes);
                        assert_eq!(int.read(&out, order, "it"), Ok(number), "{int:?} {order:?}");
                    }
                }
            }
        }
        let mut out = Vec::new();
        Int { bytes: 2, is_signed: false }.write(258, Order::Big, "", &mut out).expect("fits");
        Int { bytes: 3, is_signed: true }.write(-2, Order::Little, "", &mut out).expect("fits");
        assert_eq!(out, [1, 2, 0xfe, 0xff, 0xff]);
    }

    #[test]
    fn a_number_that_does_not_fit_is_named() {
        let write = |bytes, is_signed, number| {
            Int { bytes, is_signed }.write(number, Order::Big, "u16_be", &mut Vec::new())
        };
        assert_eq!(write(2, false, 65_536), Err("u16_be takes 0 to 65535, not 65536".into()));
        assert_eq!(write(1, true, 128), Err("u16_be takes -128 to 127, not 128".into()));
        assert!(write(8, false, -1).is_err());
        let told = Int { bytes: 8, is_signed: false }.read(&[0xff; 8], Order::Big, "u64_be");
        assert!(told.expect_err("too great").contains("18446744073709551615"));
    }

    #[test]
    fn fractions_go_both_ways() {
        for (bytes, number) in [(4, 1.5), (8, 0.1), (8, f64::MAX), (4, -0.25)] {
            for order in [Order::Big, Order::Little] {
                let mut out = Vec::new();
                write_float(number, bytes, order, &mut out);
                assert_eq!((out.len(), read_float(&out, order)), (bytes, number));
            }
        }
    }

    #[test]
    fn varints_go_both_ways() {
        for (number, bytes) in [
            (0, vec![0]),
            (127, vec![0x7f]),
            (128, vec![0x80, 1]),
            (300, vec![0xac, 2]),
            (i64::MAX, [vec![0xff; 8], vec![0x7f]].concat()),
        ] {
            let mut out = Vec::new();
            write_varint(number, &mut out).expect("fits");
            assert_eq!(out, bytes, "{number}");
            assert_eq!(read_varint(&out), Ok(Some((number, bytes.len()))));
            assert_eq!(read_varint(&out[..out.len() - 1]), Ok(None));
        }
        assert!(write_varint(-1, &mut Vec::new()).expect_err("a sign").ends_with("not -1"));
        assert!(read_varint(&[0xff; 10]).is_err());
    }
}
