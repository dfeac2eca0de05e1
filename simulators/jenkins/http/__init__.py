"""HTTP as Jetty and Stapler speak it: the server, sessions, pages and every URL."""
