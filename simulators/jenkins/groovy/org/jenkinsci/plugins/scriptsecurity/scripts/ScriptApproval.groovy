package org.jenkinsci.plugins.scriptsecurity.scripts

import simulator.Bridge

class ScriptApproval {
    static ScriptApproval get() { new ScriptApproval() }

    Set<PendingScript> getPendingScripts() {
        ((List) Bridge.ask(op: 'pending')).collect { new PendingScript((Map) it) } as LinkedHashSet
    }

    void approveScript(String hash) { Bridge.ask(op: 'approve', hash: hash) }

    void denyScript(String hash) { Bridge.ask(op: 'deny', hash: hash) }

    static class PendingScript {
        final String hash
        final String script
        final Expando language = new Expando(displayName: 'Groovy')

        PendingScript(Map data) {
            hash = data.hash
            script = data.script
        }
    }
}
