package javaposse.jobdsl.dsl.helpers.properties

import groovy.transform.CompileStatic
import javaposse.jobdsl.dsl.Block

@CompileStatic
class FolderPropertiesContext extends Block {
    FolderPropertiesContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class MavenInfoContext extends Block {
    MavenInfoContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class MavenPropertiesContext extends Block {
    MavenPropertiesContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class OwnershipContext extends Block {
    OwnershipContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PropertiesContext extends Block {
    PropertiesContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class RebuildContext extends Block {
    RebuildContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class SidebarLinkContext extends Block {
    SidebarLinkContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class WallDisplayContext extends Block {
    WallDisplayContext(String context, Node node) { super(context, node) }
}
