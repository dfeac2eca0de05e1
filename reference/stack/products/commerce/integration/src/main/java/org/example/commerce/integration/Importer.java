package org.example.commerce.integration;

import org.example.commerce.search.Index;

/** Reads products from lines of the form {@code code,name}. */
public final class Importer {
    private final Index index;

    public Importer(Index index) {
        this.index = index;
    }

    /** Imports one line; a line without a code or a name is refused. */
    public void read(String line) {
        int comma = line.indexOf(',');
        if (comma < 1 || line.substring(comma + 1).isBlank()) {
            throw new IllegalArgumentException("not code,name: " + line);
        }
        index.add(line.substring(comma + 1));
    }
}
