package org.example.commerce.search;

import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Finds products by a word of their names. */
public final class Index {
    private final Map<String, SortedSet<String>> products = new TreeMap<>();

    /** Adds a product under every word of its name. */
    public void add(String name) {
        for (String word : name.trim().split("\\s+")) {
            products.computeIfAbsent(word.toLowerCase(Locale.ROOT), key -> new TreeSet<>()).add(name.trim());
        }
    }

    /** Returns the names of all products with this word, in order; empty when there is none. */
    public SortedSet<String> find(String word) {
        return new TreeSet<>(products.getOrDefault(word.toLowerCase(Locale.ROOT), new TreeSet<>()));
    }
}
