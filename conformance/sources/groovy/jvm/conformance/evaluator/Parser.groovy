package conformance.evaluator
import groovy.transform.CompileStatic
@CompileStatic
class Parser { static Map parse(Map request) { [:] } }
