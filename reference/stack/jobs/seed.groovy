// Every job of this controller. Configuration as code runs this at each start: a job that is not
// listed here does not exist. Configuration as code also replaces ${GIT_SERVER} before the script runs;
// the script itself therefore uses no braces in its strings.
final String cloudops = '${GIT_SERVER}/cloudops.git'

folder('cloudops') {
    displayName('cloudops')
    description('Builds of artifacts and images. Defined in jobs/seed.groovy of the cloudops repository.')
}

pipelineJob('cloudops/build-commerce') {
    description('Builds commerce and deploys its artifacts and its deployment package to Nexus.')
    parameters {
        stringParam('BRANCH', 'main', 'Branch or tag of commerce to build')
        stringParam('VERSION', '', 'Version to build, for example 1.4.0 or 1.5.0-SNAPSHOT')
    }
    properties {
        disableConcurrentBuilds()
    }
    logRotator {
        numToKeep(20)
    }
    definition {
        cpsScm {
            scm {
                git {
                    remote {
                        url(cloudops)
                    }
                    branch('main')
                }
            }
            scriptPath('pipelines/build-commerce/Jenkinsfile')
            lightweight(true)
        }
    }
}

pipelineJob('cloudops/build-commerce-images') {
    description('Turns a deployment package of commerce into one image per component and pushes them to ECR.')
    parameters {
        stringParam('VERSION', '', 'Version of the deployment package in Nexus')
        stringParam('IMAGE_TAG', '', 'Tag of the images; tags cannot be moved')
    }
    properties {
        disableConcurrentBuilds()
    }
    logRotator {
        numToKeep(20)
    }
    definition {
        cpsScm {
            scm {
                git {
                    remote {
                        url(cloudops)
                    }
                    branch('main')
                }
            }
            scriptPath('pipelines/build-commerce-images/Jenkinsfile')
            lightweight(true)
        }
    }
}

pipelineJob('cloudops/build-account-management-images') {
    description('Turns a release package of account management into images and pushes them to ECR.')
    parameters {
        stringParam('VERSION', '', 'Version of the release package in Nexus')
        stringParam('IMAGE_TAG', '', 'Tag of the images; tags cannot be moved')
    }
    properties {
        disableConcurrentBuilds()
    }
    logRotator {
        numToKeep(20)
    }
    definition {
        cpsScm {
            scm {
                git {
                    remote {
                        url(cloudops)
                    }
                    branch('main')
                }
            }
            scriptPath('pipelines/build-account-management-images/Jenkinsfile')
            lightweight(true)
        }
    }
}
