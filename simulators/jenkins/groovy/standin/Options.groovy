package standin

/** What `options { }` and `post { }` may hold: the ones that do something here, and those that mean nothing to one run. */
class Options {
    /** Steps with a body, around all that the options stand for. */
    static final List WRAPPERS = ['catchError', 'retry', 'timeout', 'warnError', 'withCredentials', 'withEnv', 'ws']
    static final List ALL = (WRAPPERS + ['buildDiscarder', 'disableConcurrentBuilds', 'disableRestartFromStage', 'disableResume',
        'durabilityHint', 'newContainerPerStage', 'overrideIndexTriggers', 'parallelsAlwaysFailFast', 'preserveStashes',
        'skipDefaultCheckout']).sort()
    static final List CONDITIONS = ['always', 'changed', 'fixed', 'regression', 'aborted', 'success', 'unsuccessful', 'unstable', 'failure',
        'notBuilt', 'cleanup']
}
