//! Which known name was probably meant.

/// The nearest known name within a small edit distance; of equals the one that begins most alike, and the first of those
/// in the alphabet, for the engine lists its functions in no order.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters: Vec<char> = name.chars().collect();
    // Short names are all alike, and what is this long was not typed.
    let limit = match letters.len() {
        0..=2 | 65.. => return None,
        3..=5 => 1,
        6..=8 => 2,
        _ => 3,
    };
    known
        .into_iter()
        .filter(|k| *k != name && k.len() <= 4 * 65)
        .map(|k| (distance(&letters, &k.chars().collect::<Vec<_>>()), k))
        .filter(|(d, k)| *d <= limit && *d < k.chars().count())
        .min_by_key(|(d, k)| {
            let alike = k.chars().zip(&letters).take_while(|(a, b)| a == *b).count();
            (*d, std::cmp::Reverse(alike), *k)
        })
        .map(|(_, k)| k)
}

/// Edit distance in which two swapped neighbours count as one edit: the usual slip of the fingers.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let best = change.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                if swapped { best.min(rows[i - 2][j - 2] + 1) } else { best }
            };
        }
    }
    rows[a.len()][b.len()]
}
