// The seed: every job of this controller. Configuration as code runs it at each start of Jenkins, from a mounted file,
// so dollar signs in it are Groovy's own. Values of the place come from the mounted secret.

def secretFolder = new File('/var/controller-secrets')
def secret = { String name -> new File(secretFolder, name).text.trim() }

def cloudopsRepoUrl = secret('cloudopsRepoUrl')
def cloudopsBranch = secret('cloudopsBranch')
def storeRepoUrl = secret('storeRepoUrl')
def storeBranch = secret('storeBranch')
def domainName = secret('domainName')
def clusterName = secret('clusterName')
def gitCredentials = 'git-deploy-key'

// parameters that more than one job has: name -> [default, description]
def common = [
    cloudopsRepoUrl: [cloudopsRepoUrl, 'Clone URL of the repository with the Jenkinsfiles'],
    cloudopsBranch : [cloudopsBranch, 'Branch of the repository with the Jenkinsfiles'],
    storeRepoUrl   : [storeRepoUrl, 'Clone URL of the store'],
    storeBranch    : [storeBranch, 'Branch of the store'],
    version        : ['', 'Version of the deployment package in Nexus'],
    imageTag       : ['', 'Tag of the images; ECR takes each tag once'],
    clusterName    : [clusterName, 'Cluster that is worked on'],
    domainName     : [domainName, 'Zone of the host names'],
    storeName      : ['stores', 'Namespace of the store'],
]

// takes the Jenkinsfile out of folder `folder` of jenkins/jobs
def fromCloudops = { job, String folder ->
    job.with {
        logRotator {
            numToKeep(30)
            artifactNumToKeep(10)
        }
        definition {
            cpsScm {
                scm {
                    git {
                        remote {
                            name('origin')
                            url('${cloudopsRepoUrl}')
                            credentials(gitCredentials)
                        }
                        branch('${cloudopsBranch}')
                        extensions {
                            cloneOptions {
                                shallow(true)
                                depth(5)
                            }
                            relativeTargetDirectory('cloudops')
                        }
                    }
                }
                lightweight(false)
                scriptPath("cloudops/jenkins/jobs/${folder}/Jenkinsfile")
            }
        }
    }
}

def withParameters = { job, List names, Map own = [:] ->
    job.with {
        parameters {
            (['cloudopsRepoUrl', 'cloudopsBranch'] + names).each { name ->
                stringParam(name, common[name][0], common[name][1])
            }
            own.each { name, value ->
                if (value[0] instanceof Boolean) {
                    booleanParam(name, value[0], value[1])
                } else if (value[0] instanceof List) {
                    choiceParam(name, value[0], value[1])
                } else {
                    stringParam(name, value[0], value[1])
                }
            }
        }
    }
}

def oneAtATime = { job ->
    job.with {
        properties {
            disableConcurrentBuilds()
        }
    }
}

// ---------------------------------------------------------------------------------------------------- agents

def agents = pipelineJob('refresh-agent-images') {
    description('Builds the images that all other jobs run on.')
}
withParameters(agents, ['imageTag'])
fromCloudops(agents, 'refresh-agent-images')
oneAtATime(agents)

// ---------------------------------------------------------------------------------------------------- builds

def deploymentPackage = pipelineJob('build-store-package') {
    description('Builds the store and deploys its packages to Nexus.')
}
withParameters(deploymentPackage, ['storeRepoUrl', 'storeBranch', 'version'])
fromCloudops(deploymentPackage, 'build-store-package')
oneAtATime(deploymentPackage)

def applications = ['storefront', 'search', 'batch', 'integration', 'price-sync']

applications.each { application ->
    def job = pipelineJob("build-${application}") {
        description("Builds the image of ${application} out of a deployment package.")
    }
    withParameters(job, ['version', 'imageTag'], [application: [application, 'Application of the package']])
    fromCloudops(job, 'build-app-image')
}

// image of its own folder -> what it is
def plainImages = [
    'base': 'the image that the applications stand on',
    'search': 'the search server',
    'mysql': 'the database of test stores',
    'activemq': 'the broker of test stores',
    'landing-page': 'the page with links to a store\'s parts',
    'data-filler': 'the tool that fills a database',
]

for (image in plainImages) {
    def job = pipelineJob('build-' + image.key) {
        description('Builds ' + image.value + '.')
    }
    withParameters(job, ['imageTag'], [folder: [image.key, 'Folder below images/']])
    fromCloudops(job, 'build-plain-image')
}

def allImages = pipelineJob('build-all-images') {
    description('Runs the builds of images, those that are ticked.')
}
withParameters(allImages, ['version', 'imageTag'], (applications + plainImages.keySet().toList()).collectEntries { name ->
    [(name.tokenize('-').collect { it.capitalize() }.join('').with { 'build' + it }): [applications.contains(name), "Build ${name}?"]]
})
fromCloudops(allImages, 'build-all-images')

def accounts = pipelineJob('build-account-images') {
    description('Builds the images of account management out of a release package.')
}
withParameters(accounts, ['version', 'imageTag'])
fromCloudops(accounts, 'build-account-images')

// ---------------------------------------------------------------------------------------------------- deployments

def deployments = [
    'database-container': [parameters: ['clusterName', 'storeName', 'imageTag'], own: [mode: [['create', 'delete'], 'What to do']]],
    'store-stack': [parameters: ['clusterName', 'domainName', 'storeName', 'imageTag'], own: [mode: [['deploy', 'delete'], 'What to do'], replicas: ['2', 'Pods of the storefront']]],
    'broker-container': [parameters: ['clusterName', 'storeName', 'imageTag'], own: [:]],
    'fill-database': [parameters: ['clusterName', 'storeName', 'imageTag'], own: [reset: [false, 'Empty the database first?']]],
]

deployments.each { name, settings ->
    def job = pipelineJob(name)
    withParameters(job, settings.parameters, settings.own)
    fromCloudops(job, name)
    oneAtATime(job)
}

def storefrontTests = pipelineJob('test-storefront') {
    description('Runs the system tests of the storefront against a store.')
}
withParameters(storefrontTests, ['storeRepoUrl', 'storeBranch', 'clusterName', 'domainName', 'storeName'], [tags: ['smoke', 'Tags of the tests']])
fromCloudops(storefrontTests, 'test-storefront')

// ---------------------------------------------------------------------------------------------------- nightly builds

def storeBuilds = [
    'nightly-store-8.6': [schedule: 'H H(0-3) * * *', branch: 'release/8.6.x'],
    'nightly-store-8.7': [schedule: 'H H(0-3) * * *', branch: 'release/8.7.x'],
    'nightly-store-main': [schedule: 'H H(3-5) * * 1-5', branch: 'main'],
    'store-on-request': [schedule: '', branch: storeBranch],
]

storeBuilds.each { name, settings ->
    def job = pipelineJob(name) {
        parameters {
            stringParam('cloudopsRepoUrl', cloudopsRepoUrl, common.cloudopsRepoUrl[1])
            stringParam('cloudopsBranch', cloudopsBranch, common.cloudopsBranch[1])
            stringParam('storeRepoUrl', storeRepoUrl, common.storeRepoUrl[1])
            stringParam('storeBranch', settings.branch, common.storeBranch[1])
            stringParam('storeName', common.storeName[0], common.storeName[1])
            stringParam('domainName', "${name}.${domainName}", common.domainName[1])
        }
        properties {
            disableConcurrentBuilds()
            if (settings.schedule) {
                pipelineTriggers {
                    triggers {
                        cron {
                            spec(settings.schedule)
                        }
                    }
                }
            }
        }
    }
    fromCloudops(job, 'store-nightly')
}

// ---------------------------------------------------------------------------------------------------- views

def views = [
    Agents     : ['refresh-agent-images'],
    Build      : ['build-store-package', 'build-all-images', 'build-account-images'] + (applications + plainImages.keySet()).collect { 'build-' + it },
    Deployment : deployments.keySet().toList(),
    Test       : ['test-storefront'] + storeBuilds.keySet(),
]

views.each { title, members ->
    listView(title) {
        jobs {
            members.each { name(it) }
        }
        columns {
            status()
            weather()
            name()
            lastSuccess()
            lastFailure()
            lastDuration()
            buildButton()
        }
    }
}
