/** Where the routes of a service plan are, or of a project. */
export const SERVICE = '/xms/v1/:planId';
