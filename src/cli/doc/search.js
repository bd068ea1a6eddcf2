// Finds pages and names of the manual while somebody types: all words must be there, those in headings count most.
"use strict";

const RESULTS = 20;
const field = document.getElementById("search");
const list = document.getElementById("found");
let places = null;

async function load() {
    if (places === null) {
        const answer = await fetch("search.json");
        places = (await answer.json()).map((place) => ({
            ...place,
            title_lower: place.title.toLowerCase(),
            text_lower: place.text.toLowerCase(),
        }));
    }
    return places;
}

function rank(place, words) {
    let sum = 0;
    for (const word of words) {
        if (place.title_lower.split(/[^\p{L}\p{N}_]+/u).includes(word)) sum += 100;
        else if (place.title_lower.includes(word)) sum += 30;
        else if (place.text_lower.includes(word)) sum += 1;
        else return 0;
    }
    return sum;
}

function show(found) {
    list.replaceChildren(...found.map(({ place }) => {
        const item = document.createElement("li");
        const link = document.createElement("a");
        link.href = place.url;
        link.textContent = place.title;
        const text = document.createElement("small");
        text.textContent = place.text.slice(0, 110);
        link.append(text);
        item.append(link);
        return item;
    }));
    if (found.length === 0) {
        const item = document.createElement("li");
        item.textContent = "Nothing has all of these words.";
        list.append(item);
    }
    list.hidden = false;
}

field.addEventListener("input", async () => {
    const words = field.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    if (words.length === 0) {
        list.hidden = true;
        return;
    }
    const all = await load();
    const found = all.map((place) => ({ place, rank: rank(place, words) })).filter(({ rank }) => rank > 0);
    found.sort((a, b) => b.rank - a.rank);
    show(found.slice(0, RESULTS));
});

field.addEventListener("keydown", (event) => {
    const first = list.querySelector("a");
    if (event.key === "Enter" && first !== null && !list.hidden) first.click();
    if (event.key === "Escape") list.hidden = true;
});

document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== field) {
        event.preventDefault();
        field.focus();
    }
});

document.addEventListener("click", (event) => {
    if (!list.contains(event.target) && event.target !== field) list.hidden = true;
});
