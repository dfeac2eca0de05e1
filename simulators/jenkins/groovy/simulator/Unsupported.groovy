package simulator

/** The one sentence that names what this simulator does not implement, as unsupported.py has it. */
class Unsupported {
    static String message(String what) {
        return "the Jenkins simulator does not implement ${what}; use --jenkins-image IMAGE to run with a real controller".toString()
    }
}
