package standin

/** `matrix { }`: one stage for each combination of the axes that no exclude takes away. */
class Matrix {
    static List<Section> cells(Section matrix) {
        List<Map> declared = axes(matrix.script, matrix.parts.axes)
        List<List<Map>> excludes = Recorder.of(matrix.script, matrix.parts.excludes).calls.collect { axes(matrix.script, body(it)) }
        List<Map<String, String>> combined = [[:]]
        declared.reverse().each { axis ->
            // the first axis changes fastest
            combined = combined.collectMany { rest -> ((List) axis.values).collect { value -> [(axis.name): value] + rest } }
        }
        return combined.findAll { cell -> !excludes.any { exclude -> exclude.every { matches(it, cell) } } }.collect { cell ->
            Section stage = new Section(matrix.script, 'Matrix - ' + cell.collect { name, value -> "${name} = '${value}'" }.join(', '))
            stage.parts.putAll(matrix.parts.findAll { !(it.key in ['axes', 'excludes']) })
            stage.children.addAll(matrix.children)
            stage.cell = cell
            return stage
        }
    }

    private static List<Map> axes(FlowScript script, Object block) {
        return Recorder.of(script, block).calls.collect { call ->
            Map axis = [:]
            Recorder.of(script, body(call)).calls.each { axis[it.name] = it.args }
            return [name: ((List) axis.name)[0], values: axis.values*.toString(), notValues: axis.notValues*.toString()]
        }
    }

    private static Object body(Map call) { ((List) call.args)[0] }

    private static boolean matches(Map axis, Map cell) {
        return axis.notValues ? !(cell[axis.name] in axis.notValues) : cell[axis.name] in axis.values
    }
}
