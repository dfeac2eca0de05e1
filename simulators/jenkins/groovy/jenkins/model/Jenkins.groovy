package jenkins.model

import org.csanchez.jenkins.plugins.kubernetes.Clouds
import standin.Bridge

/** As much of the controller's object model as a console script may ask for here; anything else is a missing method. */
class Jenkins {
    static final String VERSION = '2.504.3'

    static Jenkins getInstance() { new Jenkins() }

    static Jenkins get() { new Jenkins() }

    static Jenkins getInstanceOrNull() { new Jenkins() }

    static Object getVersion() { VERSION }

    String getRootUrl() { model('rootUrl') }

    String getSystemMessage() { model('systemMessage') }

    int getNumExecutors() { (int) model('numExecutors') }

    List getItems() { (List) model('items') }

    List<String> getJobNames() { (List) model('jobNames') }

    PluginManager getPluginManager() { new PluginManager() }

    Clouds getClouds() { Clouds.load() }

    boolean isQuietingDown() { model('quietingDown') }

    void doQuietDown() { Bridge.ask(op: 'quietDown', value: true) }

    void doCancelQuietDown() { Bridge.ask(op: 'quietDown', value: false) }

    private static Object model(String name) { Bridge.ask(op: 'model', name: name) }
}

class PluginManager {
    List getPlugins() { ((List) Bridge.ask(op: 'model', name: 'plugins')).collect { new Expando((Map) it) } }
}
