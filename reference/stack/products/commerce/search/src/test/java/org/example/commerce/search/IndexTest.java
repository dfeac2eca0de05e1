package org.example.commerce.search;

/** Surefire runs public methods named test... of a class that needs no test framework. */
public class IndexTest {
    public void testFindsByWordInAnyCase() {
        Index index = new Index();
        index.add("Red Lamp");
        index.add("Green Lamp");
        check("[Green Lamp, Red Lamp]", index.find("LAMP").toString());
        check("[Red Lamp]", index.find("red").toString());
    }

    public void testFindsNothingForAnUnknownWord() {
        check("[]", new Index().find("lamp").toString());
    }

    private static void check(String expected, String actual) {
        if (!expected.equals(actual)) {
            throw new AssertionError("expected " + expected + " but was " + actual);
        }
    }
}
