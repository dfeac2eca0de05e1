package hudson.slaves

class NodeProvisioner { }
