package org.example.commerce.cortex;

import org.example.commerce.search.Index;

public class CortexTest {
    public void testAnswersInOneLine() {
        Index index = new Index();
        index.add("Red Lamp");
        index.add("Green Lamp");
        String answer = new Cortex(index).search("lamp");
        if (!"Green Lamp, Red Lamp".equals(answer)) {
            throw new AssertionError("answered " + answer);
        }
    }
}
