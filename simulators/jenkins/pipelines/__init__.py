"""Running builds: pipelines and seeds, their steps, and the Groovy process that evaluates their scripts."""
