"""WHERE a conformance run happens: environments, hosts, images, registries."""
