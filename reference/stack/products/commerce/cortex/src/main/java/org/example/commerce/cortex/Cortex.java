package org.example.commerce.cortex;

import org.example.commerce.search.Index;

/** The shop's API. */
public final class Cortex {
    private final Index index;

    public Cortex(Index index) {
        this.index = index;
    }

    /** Answers a search in one line. */
    public String search(String word) {
        var found = index.find(word);
        return found.isEmpty() ? "nothing found" : String.join(", ", found);
    }
}
