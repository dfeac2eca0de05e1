package org.example.commerce.search;

/** On this branch only: a build of it must end here, and publish nothing. */
public class FailingTest {
    public void testFails() {
        throw new AssertionError("this branch is there to fail");
    }
}
