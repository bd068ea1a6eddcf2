# Draws the growth measured by scripts/bench: awk -f plot.awk ROWS >growth.svg
#
# A row is `what, side, x, microseconds`, separated by tabs. Each `what` becomes a panel with a logarithmic x axis and a
# y axis from 0, each side a line in it.

BEGIN {
    FS = "\t"
    wide = 300; high = 200; left = 46; top = 56; gap = 26
    color["rhost"] = "#c2410c"; color["bun"] = "#1d4ed8"
    title["rhost"] = "rhost"; title["bun"] = "Bun"
}

{
    if (!($1 in panel)) { panel[$1] = ++panels; name[panels] = $1; least[panels] = $3 }
    p = panel[$1]
    if (!(p SUBSEP $2 in points)) { line[p, ++lines[p]] = $2 }
    n = ++points[p, $2]
    x[p, $2, n] = $3; y[p, $2, n] = $4
    if ($3 > most[p]) most[p] = $3
    if ($4 > highest[p]) highest[p] = $4
}

# across(p, value) and down(p, value): where a value lies in panel p.
function across(p, value) {
    return left + (p - 1) * (wide + left + gap) + (log(value) - log(least[p])) / (log(most[p]) - log(least[p])) * wide
}
function down(p, value) {
    return top + high - value / ceiling[p] * high
}
function short(value) {
    if (value >= 1000 && value % 1000 == 0) return value / 1000 " 000"
    if (value >= 1024) return value / 1024 " Ki"
    return value
}
# A step of 1, 2 or 5 times a power of ten that divides the axis into at most six parts.
function step(highest,    size, factor) {
    for (size = 0.01; ; size *= 10)
        for (factor = 1; factor <= 5; factor += factor == 1 ? 1 : 3)
            if (highest <= 6 * factor * size) return factor * size
}
function text(x, y, anchor, what, style) {
    printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>%s</text>\n", x, y, anchor, style, what
}

END {
    width = panels * (wide + left + gap) + 10; height = top + high + 46
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n", \
        width, height
    printf "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n", width, height
    text(left, 22, "start", "Server processor time per message, in microseconds", " font-size=\"15\"")
    for (p = 1; p <= panels; p++) {
        every = step(highest[p])
        ceiling[p] = every * (int(highest[p] / every) + (highest[p] % every > 0))
        from = across(p, least[p]); to = across(p, most[p])
        for (value = 0; value <= ceiling[p] + every / 2; value += every) {
            printf "<path d=\"M%.1f %.1fH%.1f\" stroke=\"#ddd\"/>\n", from, down(p, value), to
            text(from - 6, down(p, value) + 4, "end", value, " fill=\"#555\"")
        }
        text((from + to) / 2, top + high + 38, "middle", name[p], "")
        for (s = 1; s <= lines[p]; s++) {
            side = line[p, s]; path = ""
            for (n = 1; n <= points[p, side]; n++) {
                h = across(p, x[p, side, n]); v = down(p, y[p, side, n])
                path = path sprintf("%s%.1f %.1f", n == 1 ? "M" : "L", h, v)
                printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", h, v, color[side]
                if (s == 1) text(h, top + high + 18, "middle", short(x[p, side, n]), " fill=\"#555\"")
            }
            printf "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", path, color[side]
        }
    }
    for (s = 1; s <= lines[1]; s++) {
        side = line[1, s]
        printf "<path d=\"M%d 38h24\" stroke=\"%s\" stroke-width=\"2\"/>\n", left + (s - 1) * 90, color[side]
        text(left + (s - 1) * 90 + 30, 42, "start", title[side], "")
    }
    print "</svg>"
}
