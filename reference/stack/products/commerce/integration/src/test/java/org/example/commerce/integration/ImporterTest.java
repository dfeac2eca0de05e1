package org.example.commerce.integration;

import org.example.commerce.search.Index;

public class ImporterTest {
    public void testImportsAProduct() {
        Index index = new Index();
        new Importer(index).read("4711,Red Lamp");
        if (!index.find("lamp").contains("Red Lamp")) {
            throw new AssertionError("the product is not in the index");
        }
    }

    public void testRefusesALineWithoutAName() {
        try {
            new Importer(new Index()).read("4711,");
        } catch (IllegalArgumentException refused) {
            return;
        }
        throw new AssertionError("a line without a name was imported");
    }
}
