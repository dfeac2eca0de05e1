package simulator

/** The entries of `options { }` and `post { }`: those that are implemented, and all that the pinned plugins bring. */
class Options {
    static final List IMPLEMENTED = ['disableConcurrentBuilds', 'skipDefaultCheckout', 'timeout']
    static final List ALL = (IMPLEMENTED + ['buildDiscarder', 'catchError', 'checkoutToSubdirectory', 'disableRestartFromStage',
        'disableResume', 'durabilityHint', 'newContainerPerStage', 'overrideIndexTriggers', 'parallelsAlwaysFailFast',
        'preserveStashes', 'quietPeriod', 'rateLimitBuilds', 'retry', 'skipStagesAfterUnstable', 'warnError', 'withCredentials',
        'withEnv', 'ws']).sort()
    static final List CONDITIONS = ['always', 'changed', 'fixed', 'regression', 'aborted', 'success', 'unsuccessful', 'unstable', 'failure',
        'notBuilt', 'cleanup']
}
